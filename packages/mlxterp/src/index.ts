/** The menu of mlxterp: all packages under one name. Errors are also by themselves, in `mlxterp/errors`. */
export * from "@mlxterp/analysis";
export * from "@mlxterp/core";
export type { Column, Table } from "@mlxterp/data";
export * from "@mlxterp/data";
export * from "@mlxterp/dictionaries";
export * from "@mlxterp/interventions";
export * from "@mlxterp/mlx";
// of the two, that of `model.verify`
export type { VerifyOptions } from "@mlxterp/models";
export * from "@mlxterp/models";
export * from "@mlxterp/results";
export * from "@mlxterp/viz";
