import { connect } from "node:net";
import type { Address } from "../model/address.ts";

/** Whether anything accepts a TCP connection there within so many milliseconds. Nothing is sent. */
export function tcpAnswers({ host, port }: Address, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout });
    const answer = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(false));
    socket.once("error", () => answer(false));
  });
}
