// JupyterLab shows the pictures of outputs without a text alternative, though their metadata may have one. This renderer takes its place,
// for all outputs: those of a student's own figures get the text that stands beside the picture. JupyterLab calls `init` with the modules
// that it shares, then `get`.

const CLASSES = { light: "jp-needs-light-background", dark: "jp-needs-dark-background" };

function pictures(Widget) {
  class Picture extends Widget {
    constructor({ mimeType }) {
      super();
      this.mimeType = mimeType;
      this.addClass("jp-RenderedImage");
    }

    async renderModel({ data, metadata }) {
      const image = document.createElement("img"), about = metadata[this.mimeType] ?? {};
      image.alt = about.alt || String(data["text/plain"] ?? "").replace(/^<|>$/g, "") || "a picture without a description";
      image.src = `data:${this.mimeType};base64,${String(data[this.mimeType]).trim()}`;
      for (const side of ["width", "height"]) if (typeof about[side] === "number") image[side] = about[side];
      if (metadata.needs_background in CLASSES) image.classList.add(CLASSES[metadata.needs_background]);
      if (about.unconfined === true) image.classList.add("jp-mod-unconfined");
      this.node.replaceChildren(image);
    }
  }
  return { id: "lenet-workbook:pictures", dataType: "string", rank: 80,                            // before JupyterLab's own, which has 90
    rendererFactory: { safe: true, mimeTypes: ["image/png", "image/jpeg", "image/gif", "image/webp"], defaultRank: 80,
      createRenderer: (options) => new Picture(options) } };
}

let shared = {};
(window._JUPYTERLAB ??= {})["lenet-workbook"] = {
  init(modules) { shared = modules; },
  async get() {
    const [newest] = Object.values(shared["@lumino/widgets"]);
    const { Widget } = (await newest.get())();
    return () => pictures(Widget);
  },
};
