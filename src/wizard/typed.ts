/** The options that stood on the command line, by their long names without dashes, as they were typed. */
export type Typed = ReadonlyMap<string, string | undefined>;
