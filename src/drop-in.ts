export async function runDropIn(..._: unknown[]): Promise<undefined> {
  return undefined;
}
