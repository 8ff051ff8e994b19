/** Tensors by reference: safetensors files that are kept for a while, within bounds. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@mlxterp/core";
import { type MxArray, writeTensors } from "@mlxterp/mlx";
import { LimitError, NotFoundError, TensorGoneError } from "../errors/errors.js";

export interface TensorBounds {
  readonly tensorBytes: number;
  readonly tensorSeconds: number;
}

export interface KeptTensor {
  readonly path: string;
  readonly bytes: number;
}

interface Entry extends KeptTensor {
  readonly expires: number;
}

/** The form of a reference, of this server or of an earlier one. */
const reference = /^[0-9a-f]{8}-[0-9a-f]{32}$/;

export class TensorStore {
  private readonly entries = new Map<string, Entry>();
  private folder: string | undefined;
  private bytes = 0;
  /** Tells references of this server from those of an earlier one, which are gone. */
  private readonly server = randomBytes(4).toString("hex");

  constructor(private readonly bounds: TensorBounds) {}

  /**
   * Keeps an array; the oldest go where room is needed.
   *
   * @returns the reference
   * @throws LimitError (`LIMIT`) for what would never fit
   */
  async keep(name: string, array: MxArray): Promise<string> {
    const { tensorBytes, tensorSeconds } = this.bounds;
    if (array.nbytes > tensorBytes) {
      throw new LimitError("tensorBytes", tensorBytes, `${name} has ${array.nbytes} bytes`);
    }
    this.folder ??= temporaryFolder(this);
    const id = `${this.server}-${randomBytes(16).toString("hex")}`;
    const path = join(this.folder, `${id}.safetensors`);
    const bytes = await writeTensors(path, { [name]: array });
    this.entries.set(id, { path, bytes, expires: performance.now() + tensorSeconds * 1000 });
    this.bytes += bytes;
    this.makeRoom();
    setTimeout(() => this.makeRoom(), tensorSeconds * 1000 + 10).unref();
    return id;
  }

  /** @throws TensorGoneError (`TENSOR_GONE`), NotFoundError (`NOT_FOUND`) for what is no reference */
  find(id: string): KeptTensor {
    if (!reference.test(id)) throw new NotFoundError("tensor", id);
    this.makeRoom();
    const found = this.entries.get(id);
    if (!found) throw new TensorGoneError(id);
    return found;
  }

  /** Removes everything. */
  clear(): void {
    for (const id of [...this.entries.keys()]) this.drop(id);
  }

  /** The oldest stand first, and expire first. */
  private makeRoom(): void {
    const now = performance.now();
    for (const [id, { expires }] of this.entries) {
      if (expires > now && this.bytes <= this.bounds.tensorBytes) return;
      if (expires <= now || this.entries.size > 1) this.drop(id);
    }
  }

  private drop(id: string): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    this.entries.delete(id);
    this.bytes -= entry.bytes;
    rmSync(entry.path, { force: true });
  }
}
