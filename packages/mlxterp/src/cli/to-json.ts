/** Data as JSON for a terminal: the form in which results round-trip, with nothing that a terminal would obey. */
import { toJson as dataToJson, visibleJson } from "@mlxterp/results";

export function toJson(data: unknown): string {
  return visibleJson(dataToJson(data, 2));
}
