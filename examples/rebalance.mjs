// Evens out the slots of a cluster: node rebalance.mjs 10.0.0.1:7000
import { formatAddress, nodeById, openConnections, planRebalance, runPlan, SlotctlError, survey } from "slotctl";

const [seed = "127.0.0.1:7000"] = process.argv.slice(2);
const connections = openConnections();
try {
  // Reads: every node is asked for its own view.
  const cluster = await survey(seed, connections);

  // Thinks: the same cluster makes the same plan. It is plain data, and can be shown, saved or thrown away.
  const outcome = planRebalance(cluster, { useEmptyPrimaries: true });
  if (outcome.kind === "refused") throw new Error(`refused: ${outcome.problems.map(({ kind }) => kind).join(", ")}`);
  for (const { from, to, slots } of outcome.moves) {
    console.log(`${nameOf(from)} -> ${nameOf(to)}: ${slots.map(({ start, end }) => `${start}-${end}`).join(",")}`);
  }

  // Writes. Once more with the same plan after an interruption, it goes on where it stopped.
  const { changed, warnings } = await runPlan(outcome.plan, {
    cluster,
    connections,
    onEvent: (event) => {
      if (event.type === "move-progress") console.error(`${event.slotsDone} of ${event.slotsTotal} slots`);
    },
  });
  for (const warning of warnings) console.error(`warning: ${warning}`);
  console.log(changed ? "done" : "nothing to do");

  /** @param {import("slotctl").NodeId} id */
  function nameOf(id) {
    return formatAddress(nodeById(cluster, id)?.address ?? { host: id, port: 0 });
  }
} catch (error) {
  if (!(error instanceof SlotctlError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.exitCode;
} finally {
  connections[Symbol.dispose]();
}
