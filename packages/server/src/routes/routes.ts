/** Every route: those of models and tensors, and one for each method, read off the list of methods. */

import type { Route } from "../http/route.js";
import type { Workplace } from "../work/workplace.js";
import { capabilitiesRoutes } from "./capabilities.js";
import { generateRoute } from "./generate.js";
import { methodRoute } from "./methods.js";
import { modelRoutes } from "./models.js";
import { passRoutes } from "./passes.js";

/** In the order of the documentation. */
export function routesOf({ methods }: Workplace): Route[] {
  return [
    ...capabilitiesRoutes,
    ...modelRoutes,
    ...methods.map(methodRoute),
    generateRoute,
    ...passRoutes,
  ];
}
