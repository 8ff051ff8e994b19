/** For tests: malformed and hostile requests, drawn so that a seed gives the same ones again. */

/** Numbers from 0 to 1 (mulberry32, of public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const strange: readonly unknown[] = [
  null, true, 0, -1, 3, 9999, 1e6, 1e9, 1e308, 2 ** 53, 0.5, "", "Mary", "\0", "\ud800", "../../etc/passwd", "file:///etc/passwd",
  "__proto__", "constructor", "() => process.exit()", "a".repeat(5000), "\u202e\u0007", [], {}, [[]], [null],
  [1, "a"], [-1], [1e9], [507], [[1], [2, 3]], [["a"]], { role: "user" }, { role: "user", content: "hi" },
  { length: 5 }, { toString: 1 }, { clean: "a" }, { clean: "Mary", corrupted: "John and John" }, { task: "ioi", size: 1e6 },
  { pairs: [{}] }, { type: "scale" }, { type: "scale", factor: 0 }, { $float32: [1] }, Array(300).fill("x"),
]; // biome-ignore format: a list

const sites = ["layers.0", "layers.9", "**", "layers.*", "output", "__proto__", "layers.-1", "layers.{0,1}.mlp", "", "[", "constructor.prototype"]; // biome-ignore format: a list

const rawBodies = ["", "{", "[]", "null", '"', "{}}", '{"input":', "\u0000", "NaN", '{"__proto__":{"polluted":1},"input":"a"}', '{"input":"a","input":"b"}', `${"[".repeat(3000)}`]; // biome-ignore format: a list

const paths = ["/api", "/api/", "/api/../etc/passwd", "/api/models/%00", "/api/models/..%2f..", "/api/models/__proto__/tokens", "/api/tensors/x", `/api/tensors/${"0".repeat(8)}-${"0".repeat(32)}`, "/api/models/tiny/methods/__proto__", "/api/models/tiny/methods/lens/", "//api/models", "/api/models?x=1", "/api/models/tiny/sites?selector=[", "/api/models/tiny/sites?selector=layers.99", "/mcp", "/", "/%ff"]; // biome-ignore format: a list

/** What a method may be asked, to be broken. */
export interface Target {
  readonly name: string;
  readonly options: readonly string[];
}

/** One request; most have some part that is right, so that what is behind the first check is reached. */
export function hostileRequest(random: () => number, methods: readonly Target[]): Request {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const maybe = (share: number) => random() < share;
  const value = (): unknown => (maybe(0.2) ? { [(JSON.stringify(pick(strange)) ?? "").slice(0, 20)]: pick(strange) } : pick(strange)); // biome-ignore format: one choice
  const input = () => (maybe(0.5) ? pick(["Mary and John", [5, 6, 7], [{ role: "user", content: "a" }]]) : value()); // biome-ignore format: one choice
  const interventions = () => (maybe(0.7) ? {} : { interventions: maybe(0.2) ? value() : { [pick(sites)]: value() } }); // biome-ignore format: one choice
  const method = pick(methods);
  const options = () => {
    const names = [...method.options, "unheard", "__proto__", "signal", "onProgress"];
    return maybe(0.1) ? value() : Object.fromEntries([[pick(names), value()], [pick(names), value()]]); // biome-ignore format: one choice
  };
  const bodies: readonly (() => [path: string, body: unknown])[] = [
    () => [`/api/models/tiny/methods/${method.name}`, { input: input(), options: options(), ...interventions() }],
    () => ["/api/models/tiny/tokens", { input: input(), ...(maybe(0.2) && { more: 1 }) }],
    () => ["/api/models/tiny/generate", { input: input(), maxTokens: maybe(0.5) ? 1 : value(), ...(maybe(0.3) && { options: value() }), ...interventions() }],
    () => ["/api/models/tiny/run", { input: input(), save: maybe(0.7) ? [pick(sites)] : value(), ...interventions() }],
    () => ["/api/models", { source: maybe(0.5) ? pick(["/etc", "..", "tiny", "a/../b", "\0", "-x/y"]) : value(), ...(maybe(0.3) && { options: value() }) }],
    () => [pick(paths), value()],
  ]; // biome-ignore format: a list
  const [path, body] = pick(bodies)();
  const verb = maybe(0.9) ? (path.startsWith("/api/t") || maybe(0.1) ? "GET" : "POST") : pick(["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]); // biome-ignore format: one choice
  const text = maybe(0.1) ? pick(rawBodies) : JSON.stringify(body);
  return new Request(new URL(path.startsWith("//") ? path.slice(1) : path, "http://localhost"), {
    method: verb,
    headers: headersFrom(random),
    ...(verb !== "GET" && verb !== "HEAD" && { body: text }),
  });
}

function headersFrom(random: () => number): Record<string, string> {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const odd: readonly Record<string, string>[] = [
    { "content-type": "text/plain" },
    { "content-length": "99999999999" },
    { host: "evil.example" },
    { origin: "null" },
    { range: pick(["bytes=0-", "bytes=9999999999-", "bytes=a-b", "bytes=-"]) },
    { accept: "text/event-stream" },
    { accept: "*/*;q=x" },
    { authorization: "Bearer \u00ff" },
    { "x-mlxterp-client": "x".repeat(3000) },
  ];
  const usual = { "content-type": "application/json" };
  return random() < 0.25 ? { ...usual, ...pick(odd) } : usual;
}
