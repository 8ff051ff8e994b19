/** stub */
export interface ReportSection {
  readonly title: string;
}
