import { expect, test } from "vitest";
import { FakeCluster } from "../../helpers/fake-cluster.ts";
import { runMoves } from "../../helpers/run-moves.ts";

const WAY = [{ from: "a", to: "b", slots: "10" }];

/** Slot 10 is b's, and a holds keys of it. */
function withStrays(strays: Readonly<Record<string, string>>, own: Readonly<Record<string, string>>): FakeCluster {
  const cluster = new FakeCluster({ a: [0, 9], b: [10, 19] });
  for (const [key, value] of Object.entries(strays)) cluster.put("a", 10, key, value);
  for (const [key, value] of Object.entries(own)) cluster.put("b", 10, key, value);
  return cluster;
}

test("keys that the owner has with the same value are deleted where nobody looks for them, the others go home", async () => {
  const cluster = withStrays({ k1: "1", k2: "2", k3: "3" }, { k1: "1", k4: "4" });
  const { error } = await runMoves(cluster, WAY, {}, { kind: "bring-keys" });
  expect(error).toBeUndefined();
  expect(cluster.contents()).toEqual(["1", "2", "3", "4"].map((n) => `slot 10 k${n}=${n} at b`));
  expect(cluster.openSlots()).toEqual([]);
});

test("what a client writes to the owner between the comparison and what follows is not overwritten", async () => {
  const cluster = withStrays({ k1: "1", k2: "2" }, { k1: "1" });
  const holder = cluster.server("a");
  const execute = holder.execute.bind(holder);
  let compared = false;
  holder.execute = (command, ...rest) => {
    if (compared && !["DUMP", "ASKING"].includes(String(command[0]))) {
      compared = false;
      cluster.put("b", 10, "k1", "written since");
    }
    if (command[0] === "DUMP") compared = true;
    return execute(command, ...rest);
  };
  const { error } = await runMoves(cluster, WAY, {}, { kind: "bring-keys" });
  expect(error).toBeUndefined();
  expect(cluster.contents()).toEqual(["slot 10 k1=written since at b", "slot 10 k2=2 at b"]);
});

test("a key that the owner gets only after the comparison is compared again", async () => {
  const cluster = withStrays({ k1: "1", k2: "2" }, { k1: "1", k2: "2" });
  const holder = cluster.server("a");
  const execute = holder.execute.bind(holder);
  let dumps = 0;
  holder.execute = (command, ...rest) => {
    if (command[0] === "DUMP" && dumps++ === 0) cluster.server("b").keys.get(10)?.delete("k2");
    if (command[0] === "DEL") cluster.put("b", 10, "k2", "2");
    return execute(command, ...rest);
  };
  const { error } = await runMoves(cluster, WAY, {}, { kind: "bring-keys" });
  expect(error).toBeUndefined();
  expect(dumps).toBeGreaterThan(2);
  expect(cluster.contents()).toEqual(["slot 10 k1=1 at b", "slot 10 k2=2 at b"]);
});

test("different values stay on both sides, and the run says so", async () => {
  const cluster = withStrays({ k1: "other", k2: "2" }, { k1: "1" });
  const { error } = await runMoves(cluster, WAY, {}, { kind: "bring-keys" });
  expect(error).toMatchObject({ code: "KEY_CONFLICT", exitCode: 6 });
  expect(cluster.contents()).toEqual(["slot 10 k1=1 at b", "slot 10 k1=other at a", "slot 10 k2=2 at b"]);
});
