/** Steering is read from `site=A - B * factor`. */
import { expect, it } from "vitest";
import { parseSteering } from "./steering.js";

it.each([
  ["layers.2=love-hate*4", { site: "layers.2", toward: "love", from: "hate", factor: 4 }],
  ["layers.2=love - hate * -0.5", { site: "layers.2", toward: "love", from: "hate", factor: -0.5 }],
  ["layers.0.mlp=love", { site: "layers.0.mlp", toward: "love", from: undefined, factor: 1 }],
  [
    "layers.2=well-known facts - lies * 2",
    { site: "layers.2", toward: "well-known facts", from: "lies", factor: 2 },
  ],
  ["layers.1=2,0,1 - 1,1*3", { site: "layers.1", toward: "2,0,1", from: "1,1", factor: 3 }],
])("%s", (entry, expected) => {
  expect(parseSteering(entry)).toEqual(expected);
});

it.each(["layers.2", "=a-b", "layers.2=", "layers.2=a-b-c", "layers.2= - b"])(
  "refuses %j with the form it should have",
  (entry) => {
    expect(() => parseSteering(entry)).toThrow("--steer needs site=A - B * factor");
  },
);
