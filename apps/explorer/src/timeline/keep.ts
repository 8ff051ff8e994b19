/** Keeps the history in the browser's own database, so that it outlives the page. */
import { createStore, del, get, keys, set, type UseStore } from "idb-keyval";

/** Where things are kept, by key. */
export interface Keep {
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
}

/** In the browser's database; where there is none, as in some private windows, until the page is closed. */
export function browserKeep(): Keep {
  const store = typeof indexedDB === "undefined" ? undefined : createStore("mlxterp", "explorer");
  return store ? databaseKeep(store) : memoryKeep();
}

function databaseKeep(store: UseStore): Keep {
  return {
    get: (key) => get(key, store),
    set: (key, value) => set(key, value, store),
    delete: (key) => del(key, store),
    keys: async () => (await keys(store)).map(String),
  };
}

/** In memory. */
export function memoryKeep(): Keep {
  const kept = new Map<string, unknown>();
  return {
    get: async <T>(key: string) => kept.get(key) as T | undefined,
    set: async (key, value) => void kept.set(key, value),
    delete: async (key) => void kept.delete(key),
    keys: async () => [...kept.keys()],
  };
}
