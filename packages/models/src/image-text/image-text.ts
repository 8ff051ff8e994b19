/** Texts and pictures in one space: ids and pixels in, how well each picture fits each text out. */
import { nameAxes, type SiteNotes, Tap } from "@mlxterp/core";
import { checkList, checkOptions, InvalidArgumentError, type MxArray, mx, nn } from "@mlxterp/mlx";
import type { ImageTextConfig } from "./config.js";
import { PictureTower, TextTower } from "./towers.js";

/** What a pass is given beside the ids. */
export interface ImageTextPassOptions {
  /** (images, channels, height, width), as the model's image processor scales them. */
  readonly pixels: MxArray;
  /** The number of real tokens of each text. Not read: what follows the end of a text is seen by nobody that is read. */
  readonly lengths?: readonly number[];
}

const notes = {
  text: { holds: "Each text's embedding, before it is made as long as one." },
  vision: { holds: "Each picture's embedding, before it is made as long as one." },
  output: { holds: "The cosine of each picture and each text, times the learned factor." },
} as const satisfies SiteNotes;

/** Source: Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision", section 2. */
export class ImageText extends nn.Module {
  readonly text: TextTower;
  readonly vision: PictureTower;
  /** The logarithm of what cosines are multiplied by, (). */
  logitScale: MxArray;
  readonly textEmbedding = new Tap(["batch", "hidden"], {
    holds: "Each text's embedding, of length one.",
  });
  readonly imageEmbedding = nameAxes(
    new Tap(["batch", "hidden"], { holds: "Each picture's embedding, of length one." }),
    { batch: "images" },
  );

  constructor(config: ImageTextConfig) {
    super();
    this.text = new TextTower(config);
    this.vision = new PictureTower(config);
    this.logitScale = mx.zeros([]);
  }

  get siteNotes() {
    return notes;
  }

  get outputAxes(): readonly ["images", "batch"] {
    return ["images", "batch"];
  }

  /**
   * @param ids of the texts, (batch, position) int32, within the vocabulary: MLX does not check them
   * @returns (images, batch)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for texts that are too long and pixels of another shape, or none
   */
  override forward(ids: MxArray, options: ImageTextPassOptions): MxArray {
    checkOptions<ImageTextPassOptions>("forward", options, { pixels: true, lengths: checkList });
    const { pixels } = options;
    if (pixels === undefined) {
      const rule = "it is missing: pictures that texts are compared with, as args: [{ pixels }].";
      throw new InvalidArgumentError("pixels", pixels, rule);
    }
    const texts = this.textEmbedding.forward(unit(this.text.forward(ids)));
    const images = this.imageEmbedding.forward(unit(this.vision.forward(pixels)));
    return mx.multiply(mx.matmul(images, texts.T), mx.exp(this.logitScale));
  }
}

/** Of length one. */
const unit = (x: MxArray) => mx.divide(x, mx.sqrt(mx.sum(mx.square(x), -1, true)));
