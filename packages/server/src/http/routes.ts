/** Every route: those of models and tensors, and one for each method, read off the list of methods. */

import type { Workplace } from "../work/workplace.js";
import type { Route } from "./route.js";
import { capabilitiesRoutes } from "./routes/capabilities.js";
import { generateRoute } from "./routes/generate.js";
import { methodRoute } from "./routes/methods.js";
import { modelRoutes } from "./routes/models.js";
import { passRoutes } from "./routes/passes.js";

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
