/** CamemBERT (`model_type: "camembert"`): RoBERTa for French. */
import { likeRoberta } from "../shared/roberta.js";

export const camembert = likeRoberta("camembert");
