/** Graphs in columns: every node has a place of its own, and edges that need not cross do not. */
import { expect, it } from "vitest";
import { layeredPlaces } from "./layered.js";

const spacing = { column: 100, row: 10 };

it("undoes crossings that only the order of the nodes made", () => {
  const nodes = [0, 1].flatMap((rank) => ["a", "b", "c"].map((name) => ({ id: `${name}${rank}`, label: name, rank }))); // biome-ignore format: one list
  const edges = [["a0", "c1"], ["b0", "b1"], ["c0", "a1"]].map(([from, to]) => ({ from, to, weight: 1 })); // biome-ignore format: one list
  const places = layeredPlaces(nodes, edges, spacing);
  const rows = (name: string) => edges.map((edge) => places.get(edge[name as "from"])?.y ?? -1);
  const order = (ys: readonly number[]) => ys.map((y) => [...ys].sort((a, b) => a - b).indexOf(y));
  expect(order(rows("from"))).toEqual(order(rows("to")));
});

it("gives every node a place of its own, for gaps in the ranks, cycles and edges to nowhere too", () => {
  const nodes = Array.from({ length: 60 }, (_, at) => ({ id: `${at}`, label: "", rank: 7 * (at % 5) - 3 })); // biome-ignore format: one list
  const edges = nodes.map((_, at) => ({ from: `${at}`, to: `${(at * 7) % 70}`, weight: at - 30 }));
  const places = layeredPlaces(nodes, edges, spacing);
  expect(places.size).toBe(60);
  expect(new Set([...places.values()].map(({ x, y }) => `${x} ${y}`)).size).toBe(60);
  expect([...new Set([...places.values()].map(({ x }) => x))].sort((a, b) => a - b)).toEqual([0, 100, 200, 300, 400]); // biome-ignore format: one line
  expect(Math.min(...[...places.values()].map(({ y }) => y))).toBeGreaterThanOrEqual(0);
  expect(layeredPlaces([], [], spacing).size).toBe(0);
});
