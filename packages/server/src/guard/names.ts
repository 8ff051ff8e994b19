/** Under which names a server may be spoken to: a page of somebody else must not reach it through a name of its own. */

import { hostname, networkInterfaces } from "node:os";
import { checkText } from "@mlxterp/results/errors";

const loopback = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Whether only programs of this machine can reach an address.
 *
 * @example
 * isLoopback("127.0.0.1"); // true
 */
export function isLoopback(host: string): boolean {
  checkText("host", host);
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The host names that are answered besides those given: loopback, and those that the address it listens at can have. */
export function namesOf(host: string | undefined): string[] {
  if (host === undefined || isLoopback(host)) return [...loopback, ...named(host)];
  if (host !== "0.0.0.0" && host !== "::") return [...loopback, bracketed(host)];
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [...loopback, hostname(), ...addresses.map(({ address }) => bracketed(address))];
}

function named(host: string | undefined): string[] {
  return host === undefined ? [] : [bracketed(host)];
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
