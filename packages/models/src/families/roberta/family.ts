/** RoBERTa (`model_type: "roberta"`): positions begin after the padding token's number, and do not count it. */
import { likeRoberta } from "../shared/roberta.js";

export const roberta = likeRoberta("roberta");
