import { ExitCode, SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import { fieldsOf } from "../node/fields.ts";
import { ServerError } from "../node/node.ts";
import type { LoadFunctions, NodeRef } from "../plan/plan.ts";
import { change, type Executor, nodeOf, type OnChange } from "./executor.ts";
import { commandRefused } from "./failures.ts";

/**
 * Copies all function libraries, as one FUNCTION DUMP that is restored as a whole (Redis 7.0 and newer). A library that
 * is there already has the same code, so that replacing it changes nothing.
 * @throws SlotctlError, exit code 5, when the node has other libraries by now
 */
export async function loadFunctions(
  { node, from }: LoadFunctions,
  executor: Executor,
  onChange: OnChange,
): Promise<boolean> {
  const [wanted, held] = await Promise.all([librariesOf(executor, from), librariesOf(executor, node)]);
  const others = [...held].filter(([name, code]) => wanted.get(name) !== code).map(([name]) => name);
  if (others.length > 0) throw otherFunctions(node, others);
  if (held.size === wanted.size) return false;
  const [dump] = await (await nodeOf(executor, from)).sendAllBinary([["FUNCTION", "DUMP"]]);
  if (dump instanceof ServerError) throw commandRefused("FUNCTION DUMP", from, dump);
  onChange();
  await change(executor, node, "FUNCTION", "RESTORE", dump as Buffer, "REPLACE");
  return true;
}

async function librariesOf(executor: Executor, ref: NodeRef): Promise<ReadonlyMap<string, string>> {
  const [reply] = await (await nodeOf(executor, ref)).sendAll([["FUNCTION", "LIST", "WITHCODE"]]);
  if (reply instanceof ServerError) throw commandRefused("FUNCTION LIST", ref, reply);
  const libraries = Array.isArray(reply) ? reply.map(fieldsOf) : [];
  return new Map(libraries.map((fields) => [String(fields.get("library_name")), String(fields.get("library_code"))]));
}

function otherFunctions({ address }: NodeRef, names: readonly string[]): SlotctlError {
  return new SlotctlError(`${formatAddress(address)} has function libraries that the cluster does not have so`, {
    code: "PLAN_STALE",
    exitCode: ExitCode.Stale,
    details: names,
    hint: "They were loaded since the plan was made; FUNCTION FLUSH on that node removes them",
  });
}
