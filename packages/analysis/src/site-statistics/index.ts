/** What the room of site statistics offers. */
export { statistics } from "./method.js";
export type { SiteStatisticsOptions } from "./options.js";
export {
  type SiteStatistics,
  type SiteStatisticsResult,
  type SiteStatisticsTables,
  statisticsRows,
} from "./result.js";
export { siteStatistics } from "./site-statistics.js";
export { statisticsTable } from "./view.js";
