/** Which head copies? On random tokens that are repeated, an induction head looks at what followed last time. */
import { headTypes, loadModel } from "mlxterp";

const model = await loadModel("tiny");
const { tables } = await headTypes(model, undefined, { seed: 0, sequences: 2 });

const induction = tables.heads.rows.filter(({ type }) => type === "induction");
for (const { layer, head } of induction) console.log(`head ${layer}.${head} is an induction head`);
