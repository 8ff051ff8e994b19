/** How long work reports and stops. */
export type { MethodProgress as AnalysisProgress, RunControl } from "@mlxterp/results";
