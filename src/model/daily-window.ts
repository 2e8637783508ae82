/** A stretch of every day, in minutes after midnight of local time. It may begin in the evening and end in the morning. */
export interface DailyWindow {
  readonly start: number;
  readonly end: number;
}

/** "01:00-05:00"; undefined for anything else, and for a window that is never open or always. */
export function parseDailyWindow(text: string): DailyWindow | undefined {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null) return undefined;
  const [startHour, startMinute, endHour, endMinute] = match.slice(1).map(Number);
  const window = { start: startHour! * 60 + startMinute!, end: endHour! * 60 + endMinute! };
  return window.start === window.end ? undefined : window;
}

export function formatDailyWindow({ start, end }: DailyWindow): string {
  return `${clockOf(start)}-${clockOf(end)}`;
}

export function clockOf(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

export function isOpen({ start, end }: DailyWindow, now: Date): boolean {
  const minute = now.getHours() * 60 + now.getMinutes();
  return start < end ? minute >= start && minute < end : minute >= start || minute < end;
}
