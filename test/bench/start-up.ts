import { slotctlCommand } from "../helpers/slotctl-program.ts";
import { takeTurns, timeOf } from "./measure.ts";
import { row, secondsText } from "./report.ts";

export async function startUp(): Promise<void> {
  const [ours, node] = await takeTurns(
    15,
    () => timeOf(...slotctlCommand(["--version"])),
    () => timeOf(process.execPath, ["-e", "0"]),
  );
  row(
    "slotctl --version, against node -e 0",
    secondsText(ours),
    secondsText(node),
    `${(ours / node).toFixed(2)}x`,
    "<= 1.5x",
  );
}
