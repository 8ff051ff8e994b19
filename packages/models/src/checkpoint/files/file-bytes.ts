/** Reads a stretch of a file of a checkpoint. */
import { readFilePart } from "@mlxterp/mlx";
import { CorruptCheckpointError } from "../../errors.js";

/** @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`) when the file has become shorter since its header was read */
export function readFileBytes(file: string, position: number, length: number): Buffer {
  const shorter = () => new CorruptCheckpointError(file, "it has become shorter");
  const { buffer, byteOffset, byteLength } = readFilePart(file, position, length, shorter);
  return Buffer.from(buffer, byteOffset, byteLength);
}
