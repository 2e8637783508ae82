/** How a text is laid out. */
export interface Layout {
  /** Columns of the terminal; undefined elsewhere. */
  readonly width?: number | undefined;
  /** In sentences and not in tables, to be read out. */
  readonly told?: boolean | undefined;
}
