import type { Frame, Piece } from "./frames.ts";

const WIDTH = 8.4;
const HEIGHT = 18;
const MARGIN = 16;

/** Colours of a dark terminal: what is written, and the sixteen that have names. */
const TEXT = "#d6d9de";
const COLORS = [
  "#666c78",
  "#e06c75",
  "#98c379",
  "#e5c07b",
  "#61afef",
  "#c678dd",
  "#56b6c2",
  "#d6d9de",
  "#8a91a0",
  "#f0808a",
  "#a9d58a",
  "#f0cf8f",
  "#7fc1ff",
  "#d68fe8",
  "#6fcbd6",
  "#ffffff",
] as const;

/** All frames below each other, each behind the command line that made it. */
export function svgOf(frames: readonly Frame[], columns: number): string {
  const rows = frames.flatMap(rowsOf);
  const width = Math.ceil(columns * WIDTH + 2 * MARGIN);
  const height = rows.length * HEIGHT + 2 * MARGIN;
  const lines = rows.map((pieces, row) => {
    const y = MARGIN + (row + 0.75) * HEIGHT;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${pieces.map(spanOf).join("")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>slotctl in a terminal</title>
<rect width="100%" height="100%" rx="6" fill="#1c1f26"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${TEXT}">
${lines.filter((line) => !line.endsWith('preserve"></text>')).join("\n")}
</g>
</svg>
`;
}

function rowsOf({ prompt, lines }: Frame): readonly (readonly Piece[])[] {
  const plain = { bold: false, dim: false, color: undefined };
  const head: readonly Piece[] =
    prompt === undefined
      ? [{ ...plain, text: "… and some seconds later:", dim: true }]
      : [
          { ...plain, text: "$ ", color: 2 },
          { ...plain, text: prompt, bold: true },
        ];
  return [head, ...lines, []];
}

function spanOf({ text, bold, dim, color }: Piece): string {
  const looks = [
    ...(bold ? ['font-weight="bold"'] : []),
    ...(dim ? ['opacity="0.6"'] : []),
    ...(color === undefined ? [] : [`fill="${COLORS[color] ?? TEXT}"`]),
  ];
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<tspan ${looks.join(" ")}>${escaped}</tspan>`.replace("<tspan >", "<tspan>");
}
