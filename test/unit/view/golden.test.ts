import { describe, expect, test } from "vitest";
import { ExitCode, SlotctlError } from "../../../src/errors.ts";
import type { Cluster } from "../../../src/model/cluster.ts";
import { planCreate } from "../../../src/plan/create.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { humanView } from "../../../src/view/human.ts";
import { widthOf } from "../../../src/view/table.ts";
import type { ShownMoves, ShownPlan, View } from "../../../src/view/view.ts";
import { blank } from "../../helpers/blank-servers.ts";
import { PLAN, RESULTS, SHOWN_MOVES, STEPS } from "../../helpers/sample-results.ts";

/**
 * What people read, in files: a change of it is seen where it is made, and in its review. `npx vitest run --project unit -u`
 * writes them anew.
 */
const WIDTHS = [80, 120];

const WARNED: Plan = {
  ...PLAN,
  steps: Object.values(STEPS),
  warnings: [
    "one server is slow, and everything that is asked of it will take longer than anybody would like to wait for",
  ],
};

const ERROR = new SlotctlError("Nodes of the cluster do not agree about who owns slots, and nothing can be planned", {
  code: "X",
  exitCode: ExitCode.Failed,
  details: [
    "127.0.0.1:7001 (a1b2c3d4) gives slots 0-99 to nobody where most others give them to 127.0.0.1:7002 (b1b2c3d4)",
  ],
  hint: "Nothing was changed. Wait until it has passed, or look with slotctl check what keeps it from passing by itself",
});

/** All that a view can be given, by the name of its file. */
const SHOWN: Readonly<Record<string, (view: View) => void>> = {
  ...Object.fromEntries(
    Object.entries(RESULTS).map(([kind, results]) => [
      `result-${kind}`,
      (view: View) => {
        for (const result of results) view.result(result);
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(plans()).map(([name, shown]) => [`plan-${name}`, (view: View) => view.plan(shown)]),
  ),
  "plan-saved": (view) => view.saved(WARNED),
  "result-info-long-names": (view) =>
    view.result({ kind: "info", cluster: withLongNames(RESULTS.info[0]!.cluster), map: false }),
  error: (view) => view.error(ERROR),
};

function plans(): Readonly<Record<string, ShownPlan>> {
  const created = planCreate({ candidates: blank(["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2"]), replicas: 1 });
  if (created.kind !== "planned") throw new Error("This cluster is to be planned");
  return {
    moves: SHOWN_MOVES,
    "moves-long-names": longNamed(SHOWN_MOVES),
    create: { kind: "create", plan: created.plan, design: created.design },
    import: { kind: "import", plan: RESULTS.import[0]!.plan },
    restore: { kind: "restore", plan: RESULTS.restore[0]!.plan },
    steps: { kind: "steps", plan: WARNED, preview: SHOWN_MOVES.preview },
  };
}

/** As in a Kubernetes StatefulSet. */
function withLongNames({ nodes }: Cluster): Cluster {
  return {
    nodes: nodes.map((node, i) => {
      const host = `redis-cluster-${i}.redis-cluster-headless.production.svc.cluster.local`;
      return { ...node, address: { ...node.address, host } };
    }),
  };
}

function longNamed({ plan, preview }: ShownMoves): ShownMoves {
  const [before, after] = [withLongNames(preview.before), withLongNames(preview.after)];
  return { kind: "moves", plan, preview: { ...preview, before, after } };
}

async function textOf(show: (view: View) => void, columns: number | undefined, told = false): Promise<string> {
  let text = "";
  const write = (part: string) => {
    text += part;
  };
  const colour = { out: false, talk: false };
  show(await humanView({ out: write, talk: write, colour, columns, talkColumns: columns, told, quiet: false }));
  return text;
}

describe.each(WIDTHS)("in %i columns", (columns) => {
  test.each(Object.entries(SHOWN))("%s", async (name, show) => {
    const text = await textOf(show, columns);
    const wide = text.split("\n").filter((line) => widthOf(line) > columns && line.trim().includes(" "));
    expect(wide).toEqual([]);
    await expect(text).toMatchFileSnapshot(`../../golden/${name}.${columns}.txt`);
  });
});

test.each(Object.entries(plans()))("read out: plan-%s", async (name, shown) => {
  await expect(await textOf((view) => view.plan(shown), 80, true)).toMatchFileSnapshot(
    `../../golden/plan-${name}.told.txt`,
  );
});

test("outside of a terminal no name is cut and no line is broken", async () => {
  const text = await textOf((view) => {
    view.plan(longNamed(SHOWN_MOVES));
    view.result({ kind: "info", cluster: withLongNames(RESULTS.info[0]!.cluster), map: false });
    view.error(ERROR);
  }, undefined);
  expect(text).not.toMatch(/…:\d/);
  expect(text.split("\n").filter((line) => line.startsWith("error: "))).toEqual([`error: ${ERROR.message}`]);
});
