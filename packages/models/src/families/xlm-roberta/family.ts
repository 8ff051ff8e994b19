/** XLM-RoBERTa (`model_type: "xlm-roberta"`): RoBERTa for many languages. */
import { likeRoberta } from "../shared/roberta.js";

export const xlmRoberta = likeRoberta("xlm-roberta");
