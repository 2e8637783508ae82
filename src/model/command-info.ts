/** What COMMAND INFO tells of a command, or of the subcommand that was meant. */
export interface CommandInfo {
  /** In lower case, a subcommand behind a bar: "config|set". */
  readonly name: string;
  readonly flags: readonly string[];
  /** ACL categories, "@dangerous" among them. */
  readonly categories: readonly string[];
}
