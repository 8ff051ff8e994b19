/** The door and the routes as one function from a request to an answer; every failure becomes a problem of ours. */
import {
  brief,
  checkMethods,
  checkSignal,
  checkText,
  InvalidArgumentError,
} from "@mlxterp/results/errors";
import { Hono } from "hono";
import { InvalidRequestError, MethodNotAllowedError, NotFoundError } from "../errors/errors.js";
import { type GuardSettings, requireOwnName, requireToken } from "../guard/guard.js";
import { jsonBody } from "../limits/json-body.js";
import { parseRequest } from "../schemas/parse-request.js";
import type { Workplace } from "../work/workplace.js";
import { openApiOf } from "./openapi.js";
import { isTyped, problemResponse } from "./problem.js";
import { plainJson } from "./respond.js";
import type { Route } from "./route.js";

/** Answers what no route of the API is for, such as the files of a page. */
export type Assets = (request: Request) => Response | Promise<Response>;

/** What is known of a request beside itself. */
export interface Connection {
  /** The address it came from; undefined within the process. */
  readonly address?: string;
}

export interface AppSettings {
  readonly routes: readonly Route[];
  readonly workplace: Workplace;
  readonly guard: GuardSettings;
  readonly assets: Assets | undefined;
  /** Answers agents at `/mcp`. */
  readonly agent: Assets | undefined;
  onError(error: unknown): void;
}

export type App = (request: Request, connection?: Connection) => Promise<Response>;

/** Headers of every answer: nothing of it is to be read by, or shown within, another site. */
const headers = {
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
};

/** Callers name themselves, so that several on one machine take turns. */
const clientHeader = "x-mlxterp-client";

export function createApp(settings: AppSettings): App {
  const router = routerOf(settings);
  return async (request, connection = {}) => {
    checkRequest(request);
    const response = await answer(settings, router, request, connection);
    const all = new Headers(response.headers);
    const added = { ...headers, ...sharing(request, settings.guard) };
    for (const [name, value] of Object.entries(added)) all.set(name, value);
    return new Response(response.body, { status: response.status, headers: all });
  };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`): it is the host's own mistake, nothing to be answered */
function checkRequest(request: unknown): void {
  let parts: Partial<Request>;
  try {
    const { url, headers: given, signal } = Object(request ?? {}) as Partial<Request>;
    parts = { url, headers: given, signal };
  } catch (cause) {
    const rule = `must be a Request, not ${brief(request)}.`; // of its class, and never built
    throw Object.assign(new InvalidArgumentError("request", request, rule), { cause });
  }
  checkText("request.url", parts.url);
  checkMethods("request.headers", parts.headers, ["get", "has"], "the headers of a Request");
  checkSignal("request.signal", parts.signal);
}

/** What lets a page of another site read answers, where it is one of `origins`. */
function sharing(request: Request, { origins }: GuardSettings): Readonly<Record<string, string>> {
  const origin = request.headers.get("origin");
  if (origin === null || !origins.has(origin)) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-headers": `authorization, content-type, range, ${clientHeader}`,
    "access-control-allow-methods": "GET, POST, DELETE",
    "cross-origin-resource-policy": "cross-origin",
    vary: "Origin",
  };
}

/** Whether a browser asks in advance for a page of another site, which has been found to be one of `origins`. */
function isPreflight({ method, headers: given }: Request): boolean {
  return method === "OPTIONS" && given.has("access-control-request-method");
}

interface Environment {
  Bindings: Connection;
}

async function answer(
  { guard, assets, agent, onError }: AppSettings,
  router: Hono<Environment>,
  request: Request,
  connection: Connection,
): Promise<Response> {
  try {
    requireOwnName(request, guard);
    if (isPreflight(request)) return new Response(null, { status: 204 });
    const { pathname } = new URL(request.url);
    if (/^\/api(\/|$)/.test(pathname)) {
      requireToken(request, guard);
      return await router.fetch(request, { ...connection });
    }
    if (agent && pathname === "/mcp") {
      requireToken(request, guard);
      return await agent(request);
    }
    if (!assets) throw new NotFoundError("page", pathname);
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new MethodNotAllowedError(request.method, ["GET"]);
    }
    return await assets(request);
  } catch (error) {
    if (!isTyped(error) && !request.signal.aborted) onError(error);
    return problemResponse(error);
  }
}

function routerOf(settings: AppSettings): Hono<Environment> {
  const { routes, guard } = settings;
  const app = new Hono<Environment>();
  let document: unknown;
  app.get("/api/openapi.json", () => {
    document ??= openApiOf(routes, guard.token !== undefined);
    return plainJson(document);
  });
  for (const route of routes) {
    const path = route.path.replace(/\{(\w+)\}/g, ":$1");
    app.on(route.verb.toUpperCase(), path, (context) =>
      handle(route, settings, {
        request: context.req.raw,
        parameters: context.req.param() as Record<string, string>,
        address: context.env.address,
      }),
    );
  }
  const methods = routes.flatMap(({ path }) => /\/methods\/(.+)$/.exec(path)?.[1] ?? []);
  app.post("/api/models/:id/methods/:name", (context) => {
    throw new NotFoundError("method", context.req.param("name"), methods);
  });
  app.notFound((context) => {
    throw otherVerb(routes, context.req.raw) ?? new NotFoundError("route", context.req.path);
  });
  app.onError((error) => {
    throw error; // to where all failures are answered
  });
  return app;
}

interface Matched {
  readonly request: Request;
  readonly parameters: Readonly<Record<string, string>>;
  readonly address: string | undefined;
}

async function handle(
  route: Route,
  { workplace, onError }: AppSettings,
  { request, parameters, address }: Matched,
): Promise<Response> {
  const url = new URL(request.url);
  checkQuery(route, url.searchParams);
  const given = route.body && (await jsonBody(request, workplace.limits.bodyBytes));
  const body = route.body && parseRequest(route.body, given);
  const gone = new AbortController();
  const leave = () => gone.abort(new DOMException("The caller went away.", "AbortError"));
  if (request.signal.aborted) leave();
  request.signal.addEventListener("abort", leave, { once: true });
  const client = `${address ?? ""} ${request.headers.get(clientHeader) ?? ""}`.slice(0, 100);
  const call = { request, workplace, parameters, query: url.searchParams, body, client };
  return route.handle({ ...call, signal: gone.signal, leave, onError });
}

/** @throws InvalidRequestError (`INVALID_REQUEST`) for a parameter that the route does not have */
function checkQuery({ query = {} }: Route, given: URLSearchParams): void {
  const known = Object.keys(query);
  const unknown = [...given.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const rule = known.length > 0 ? `there are ${known.join(", ")}` : "there are none";
  throw new InvalidRequestError(unknown.slice(0, 60), `is no parameter here; ${rule}.`);
}

/** What to say where the path is right and the verb is not. */
function otherVerb(routes: readonly Route[], request: Request): MethodNotAllowedError | undefined {
  const { pathname } = new URL(request.url);
  const verbs = routes
    .filter(({ path }) => new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`).test(pathname))
    .map(({ verb }) => verb.toUpperCase());
  return verbs.length > 0 ? new MethodNotAllowedError(request.method, verbs) : undefined;
}
