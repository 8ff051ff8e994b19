/** How long a server may ask to be left alone. */
import { describe, expect, it } from "vitest";
import { persistentFetch, retryAfter } from "./retry.js";

describe("Retry-After", () => {
  const now = Date.parse("2024-05-01T12:00:00Z");

  it("is a number of seconds or a date", () => {
    expect(retryAfter("7", now)).toBe(7000);
    expect(retryAfter("Wed, 01 May 2024 12:00:30 GMT", now)).toBe(30_000);
  });

  it("is nothing when it is absent, past or nonsense, and never more than five minutes", () => {
    for (const header of [null, "", "-3", "Wed, 01 May 2024 11:00:00 GMT", "soon"]) {
      expect(retryAfter(header, now)).toBe(0);
    }
    expect(retryAfter("86400", now)).toBe(300_000);
  });
});

it("a port that is never asked is not asked again", async () => {
  let asked = 0;
  const counted = (...args: Parameters<typeof fetch>) => {
    asked++;
    return fetch(...args);
  };
  const patient = persistentFetch(counted, { attempts: 5, delay: 1000 }, 1000);
  await expect(patient("http://127.0.0.1:9")).rejects.toThrow("fetch failed");
  expect(asked).toBe(1);
});

it.each([
  ["ECONNREFUSED", 3],
  ["ENOTFOUND", 5],
  ["CERT_HAS_EXPIRED", 1],
])("a hub that fails with %s is asked %i times", async (code, times) => {
  let asked = 0;
  const failing = async () => {
    asked++;
    throw new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
  };
  const patient = persistentFetch(failing, { attempts: 5, delay: 1 }, 1000);
  await expect(patient("http://127.0.0.1:9")).rejects.toThrow("fetch failed");
  expect(asked).toBe(times);
});
