/** Requests held to their schemas, with one message that names the part and the rule. */
import type { z } from "zod";
import { InvalidRequestError } from "../errors/errors.js";

/** @throws InvalidRequestError (`INVALID_REQUEST`) with the path of the first part that is wrong */
export function parseRequest<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue.path.map(String).join(".").slice(0, 200) || "body";
  throw new InvalidRequestError(path, ruleOf(issue, schema), { cause: parsed.error });
}

function ruleOf(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys.map((key) => `"${key.slice(0, 60)}"`).slice(0, 8);
    return `${names.join(", ")} is not known here${knownAt(issue, schema)}.`;
  }
  if (issue.code === "invalid_union") {
    const described = descriptionAt(issue.path, schema);
    return described ? `must be ${described}.` : "is of none of the kinds that are taken here.";
  }
  return `${issue.message.slice(0, 300).replace(/\.$/, "")}.`;
}

function knownAt(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  const { shape } = schema as { shape?: object };
  return issue.path.length === 0 && shape ? `; there are ${Object.keys(shape).join(", ")}` : "";
}

function descriptionAt([first]: readonly PropertyKey[], schema: z.ZodType): string | undefined {
  const { shape } = schema as { shape?: Record<PropertyKey, { description?: string }> };
  return first === undefined ? undefined : shape?.[first]?.description;
}
