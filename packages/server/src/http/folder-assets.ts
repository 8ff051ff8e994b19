/** The files of a page, from one folder and nowhere else. */
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { NotFoundError } from "../errors/errors.js";
import { confinedPath } from "../models/confined-path.js";
import type { Assets } from "./app.js";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

/** Pages run their own scripts and talk to their own server, and to nobody else. */
const policy =
  "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** @param folder with an `index.html` */
export function folderAssets(folder: string): Assets {
  return async (request) => {
    const { pathname } = new URL(request.url);
    const path = decoded(pathname);
    const name = path.endsWith("/") ? `${path}index.html` : path;
    const type = types[extname(name)];
    if (type === undefined) throw new NotFoundError("page", pathname);
    const body = await contentOf(folder, name, pathname);
    const headers = { "content-type": type, "content-security-policy": policy };
    return new Response(request.method === "HEAD" ? null : body, { headers });
  };
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw new NotFoundError("page", pathname);
  }
}

async function contentOf(
  folder: string,
  name: string,
  shown: string,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(confinedPath(join(folder, name), [folder])));
  } catch {
    throw new NotFoundError("page", shown);
  }
}
