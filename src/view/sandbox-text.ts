import { formatAddress } from "../model/address.ts";
import { tableLines } from "./table.ts";
import type { Result } from "./view.ts";
import { count } from "./words.ts";

export function sandboxLines(result: Extract<Result, { kind: "sandbox" }>): readonly string[] {
  const { action, directory, engine, nodes, addresses } = result;
  if (addresses) return [nodes.map(({ address }) => formatAddress(address)).join(" ")];
  switch (action) {
    case "nothing":
      return [`no sandbox in ${directory}`];
    case "stopped":
      return [`stopped ${count(nodes.length, "server")} and removed ${directory}`];
    case "started":
    case "running": {
      const rows = nodes.map(({ address, pid, running }) => [
        formatAddress(address),
        String(pid),
        running ? "running" : "dead",
      ]);
      return [
        `${count(nodes.length, "server")}, ${engine}, in ${directory}`,
        ...tableLines([{ title: "ADDRESS" }, { title: "PID", align: "right" }, { title: "STATE" }], rows),
      ];
    }
  }
}
