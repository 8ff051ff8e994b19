/** Heat maps show larger numbers darker and stay within the screen. */
import { expect, it } from "vitest";
import { displayWidth } from "../terminal/text.js";
import { renderHeatMap } from "./heat-map.js";

it("draws the shade of each number under its column", () => {
  const drawn = renderHeatMap({ labels: ["a", "b"], values: [[1], [0, 0.5]] }, { width: 80, color: false }); // biome-ignore format: call
  expect(drawn.split("\n")).toEqual(["        0  1", "  0 a  ██", "  1 b     ▒▒"]);
});

it("goes on below when there are more columns than fit", () => {
  const labels = Array.from({ length: 40 }, (_, index) => `token${index}`);
  const values = labels.map((_, row) => Array.from({ length: row + 1 }, () => 1 / (row + 1)));
  const drawn = renderHeatMap({ labels, values }, { width: 50, color: false }).split("\n");
  expect(Math.max(...drawn.map(displayWidth))).toBeLessThanOrEqual(50);
  expect(drawn.filter((line) => line.includes("token39"))).toHaveLength(4);
});
