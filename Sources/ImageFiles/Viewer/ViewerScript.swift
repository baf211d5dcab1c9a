/// What a ``ViewerPage`` does in the browser.
enum ViewerScript {
  /// The style sheet.
  static let style = """
    :root { color-scheme: dark }
    * { box-sizing: border-box }
    body { font: 14px/1.45 system-ui, sans-serif; color: #e6e9ee; background: #14171b; margin: 0; padding: 0.6em 0.8em 1.5em }
    h1 { font-size: 1em; font-weight: 600; color: #9aa5b3; margin: 0 0 0.5em }
    .bar { display: flex; flex-wrap: wrap; gap: 0.4em 1em; align-items: end; margin-bottom: 0.6em }
    .bar label { display: grid; font-size: 0.85em; color: #9aa5b3; min-width: 0; max-width: 100% }
    select, input { font: inherit; color: #e6e9ee; background: #1f242a; border: 1px solid #3a424d; border-radius: 4px; padding: 0.15em 0.3em; max-width: 100% }
    select { max-width: min(34em, 92vw) } input[type=number] { width: 7.5em } input[type=range] { width: 10em; padding: 0 }
    .planes { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 0.6em; align-items: start }
    figure { margin: 0; min-width: 0; position: relative; background: #000; border-radius: 3px; overflow: hidden }
    canvas { display: block; width: 100%; height: auto; image-rendering: pixelated; touch-action: none; cursor: crosshair }
    figcaption { display: flex; justify-content: space-between; gap: 1em; padding: 0.2em 0.5em; color: #9aa5b3; font-size: 0.85em; background: #14171b }
    figure input { position: static; width: 55% }
    output { display: block; font-variant-numeric: tabular-nums; margin: 0.5em 0; min-height: 3em; overflow-wrap: anywhere }
    .note { color: #9aa5b3; font-size: 0.85em; margin: 0.4em 0 }

    """

  /// The elements that the script fills.
  static let markup = """
    <div class="bar">
    <label>Image A <select id="a"></select></label>
    <label>Image B <select id="b"></select></label>
    <label>Show <select id="mode"><option value="a">A</option><option value="b">B</option><option value="curtain">A | B, curtain</option><option value="difference">A - B</option></select></label>
    <label>Curtain <input type="range" id="curtain" min="0" max="1000" value="500"></label>
    <label>From <input type="number" id="low" step="any"></label>
    <label>To <input type="number" id="high" step="any"></label>
    <label>Colours <select id="colors"><option value="grey">grey</option><option value="signed">blue - grey - red</option></select></label>
    </div>
    <div class="planes">
    <figure><canvas id="view-2"></canvas><figcaption><span id="name-2"></span><input type="range" id="slice-2" aria-label="axial slice"></figcaption></figure>
    <figure><canvas id="view-1"></canvas><figcaption><span id="name-1"></span><input type="range" id="slice-1" aria-label="coronal slice"></figcaption></figure>
    <figure><canvas id="view-0"></canvas><figcaption><span id="name-0"></span><input type="range" id="slice-0" aria-label="sagittal slice"></figcaption></figure>
    </div>
    <output id="values">Loading</output>
    <p class="note">Click or drag: crosshair in all planes. Wheel: slices. A and B are linked by where they lie in the patient. Seen as radiologists do: the patient's right is at the left.</p>
    <noscript><p>This page needs its script.</p></noscript>

    """

  /// The script; its fingerprint is in the page's content policy.
  static let text = #"""
    "use strict";
    const $ = id => document.getElementById(id);
    const volumes = JSON.parse($("volumes").textContent);
    const codes = new Map();
    let point = null, ready = 0;

    function load(index) {
      if (!codes.has(index)) codes.set(index, (async () => {
        const text = atob($("data-" + index).textContent), bytes = new Uint8Array(text.length);
        for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
        return new Uint16Array(await new Response(stream).arrayBuffer());
      })());
      return codes.get(index);
    }

    function inverse(m) {
      const d = (i, j, k, l) => m[i][k] * m[j][l] - m[i][l] * m[j][k];
      const cof = [[d(1, 2, 1, 2), -d(0, 2, 1, 2), d(0, 1, 1, 2)], [-d(1, 2, 0, 2), d(0, 2, 0, 2), -d(0, 1, 0, 2)],
        [d(1, 2, 0, 1), -d(0, 2, 0, 1), d(0, 1, 0, 1)]];
      const det = m[0][0] * cof[0][0] + m[0][1] * cof[1][0] + m[0][2] * cof[2][0];
      return cof.map(row => row.map(v => v / det));
    }

    function prepare(v) {
      const m = v.affine, size = [0, 1, 2].map(j => Math.hypot(m[0][j], m[1][j], m[2][j]));
      // The voxel axis that runs nearest along each axis of the patient, and which way.
      const axis = [], used = new Set();
      const pairs = [];
      for (let w = 0; w < 3; w++) for (let j = 0; j < 3; j++) pairs.push([Math.abs(m[w][j]) / size[j], w, j]);
      pairs.sort((p, q) => q[0] - p[0]);
      for (const [, w, j] of pairs) if (axis[w] === undefined && !used.has(j)) { axis[w] = j; used.add(j); }
      v.size = size; v.axis = axis; v.sign = axis.map((j, w) => Math.sign(m[w][j]));
      v.inverse = inverse(m.map(r => r.slice(0, 3)));
      v.stride = [1, v.matrix[0], v.matrix[0] * v.matrix[1]];
      v.step = (v.range[1] - v.range[0]) / 65534;
    }
    volumes.forEach(prepare);

    const toPatient = (v, i) => v.affine.map(r => r[0] * i[0] + r[1] * i[1] + r[2] * i[2] + r[3]);
    const toVoxel = (v, p) => {
      const q = p.map((x, w) => x - v.affine[w][3]);
      return v.inverse.map(r => r[0] * q[0] + r[1] * q[1] + r[2] * q[2]);
    };
    function at(v, data, p) {
      const i = toVoxel(v, p).map(Math.round);
      if (i.some((x, j) => x < 0 || x >= v.matrix[j])) return NaN;
      const code = data[i[0] + i[1] * v.stride[1] + i[2] * v.stride[2]];
      return code ? v.range[0] + (code - 1) * v.step : NaN;
    }

    // Across, to the right, and up, in axes of the patient; the right of a picture is the patient's left.
    const planes = [{ across: 0, right: 1, up: 2, flip: true, name: "sagittal", marks: ["A", "P"] },
      { across: 1, right: 0, up: 2, flip: true, name: "coronal", marks: ["R", "L"] },
      { across: 2, right: 0, up: 1, flip: true, name: "axial", marks: ["R", "L"] }];

    function color(value, low, high, signed) {
      if (Number.isNaN(value)) return [0, 0, 0];
      const t = Math.max(0, Math.min(1, (value - low) / (high - low)));
      if (!signed) return [255 * t, 255 * t, 255 * t];
      const s = 2 * t - 1, k = Math.abs(s);
      return s < 0 ? [200 * (1 - k), 200 * (1 - k) + 110 * k, 200 * (1 - k) + 255 * k] : [200 * (1 - k) + 255 * k, 200 * (1 - k) + 60 * k, 200 * (1 - k)];
    }

    async function draw() {
      const turn = ++ready, a = volumes[$("a").value], b = volumes[$("b").value], mode = $("mode").value;
      const [dataA, dataB] = await Promise.all([load(+$("a").value), load(+$("b").value)]);
      if (turn !== ready) return;
      const low = +$("low").value, high = +$("high").value, signed = $("colors").value === "signed";
      const curtain = $("curtain").value / 1000, half = (high - low) / 2;
      const here = toVoxel(a, point).map((x, j) => Math.max(0, Math.min(a.matrix[j] - 1, Math.round(x))));
      for (const [n, plane] of planes.entries()) {
        const [k, r, u] = [plane.across, plane.right, plane.up].map(w => a.axis[w]);
        const width = a.matrix[r], height = a.matrix[u], pixels = new ImageData(width, height);
        const toRight = plane.flip ? -a.sign[plane.right] : a.sign[plane.right], toTop = a.sign[plane.up];
        const index = here.slice();
        for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
          index[r] = toRight > 0 ? x : width - 1 - x;
          index[u] = toTop > 0 ? height - 1 - y : y;
          let value, span = [low, high];
          const own = () => {
            const code = dataA[index[0] + index[1] * a.stride[1] + index[2] * a.stride[2]];
            return code ? a.range[0] + (code - 1) * a.step : NaN;
          };
          if (mode === "a" || (mode === "curtain" && x < curtain * width)) value = own();
          else if (mode === "difference") { value = own() - at(b, dataB, toPatient(a, index)); span = [-half, half]; }
          else value = at(b, dataB, toPatient(a, index));
          const c = color(value, span[0], span[1], signed || mode === "difference"), o = 4 * (x + y * width);
          pixels.data[o] = c[0]; pixels.data[o + 1] = c[1]; pixels.data[o + 2] = c[2]; pixels.data[o + 3] = 255;
        }
        const canvas = $("view-" + n), across = width * a.size[r], up = height * a.size[u];
        const scale = Math.min(3, 700 / Math.max(across, up)) * (window.devicePixelRatio || 1);
        canvas.width = Math.max(1, Math.round(across * scale)); canvas.height = Math.max(1, Math.round(up * scale));
        const small = new OffscreenCanvas(width, height);
        small.getContext("2d").putImageData(pixels, 0, 0);
        const pen = canvas.getContext("2d");
        pen.imageSmoothingEnabled = false;
        pen.drawImage(small, 0, 0, canvas.width, canvas.height);
        const x = ((toRight > 0 ? here[r] : width - 1 - here[r]) + 0.5) / width * canvas.width;
        const y = ((toTop > 0 ? height - 1 - here[u] : here[u]) + 0.5) / height * canvas.height;
        pen.strokeStyle = "rgba(255, 210, 60, 0.75)"; pen.lineWidth = Math.max(1, scale / 3); pen.beginPath();
        pen.moveTo(x, 0); pen.lineTo(x, canvas.height); pen.moveTo(0, y); pen.lineTo(canvas.width, y); pen.stroke();
        if (mode === "curtain") {
          pen.strokeStyle = "#fff"; pen.beginPath();
          pen.moveTo(curtain * canvas.width, 0); pen.lineTo(curtain * canvas.width, canvas.height); pen.stroke();
        }
        const font = Math.max(12, canvas.width / 28);
        pen.font = font + "px system-ui, sans-serif"; pen.fillStyle = "#fff"; pen.textBaseline = "top";
        pen.fillText(plane.marks[0], font / 3, font / 3);
        pen.textAlign = "right"; pen.fillText(plane.marks[1], canvas.width - font / 3, font / 3);
        canvas.onpointerdown = canvas.onpointermove = event => {
          if (!(event.buttons & 1)) return;
          const box = canvas.getBoundingClientRect(), i = here.slice();
          const px = Math.floor((event.clientX - box.left) / box.width * width), py = Math.floor((event.clientY - box.top) / box.height * height);
          i[r] = Math.max(0, Math.min(width - 1, toRight > 0 ? px : width - 1 - px));
          i[u] = Math.max(0, Math.min(height - 1, toTop > 0 ? height - 1 - py : py));
          point = toPatient(a, i); draw();
        };
        canvas.onwheel = event => {
          event.preventDefault(); move(a, here, k, (event.deltaY > 0 ? 1 : -1) * a.sign[plane.across]);
        };
        const slider = $("slice-" + n);
        slider.min = 0; slider.max = a.matrix[k] - 1; slider.value = here[k];
        slider.oninput = () => move(a, here, k, +slider.value - here[k]);
        $("name-" + n).textContent = `${plane.name} ${here[k] + 1} of ${a.matrix[k]}`;
      }
      const text = v => Number.isNaN(v) ? "no value" : (+v.toPrecision(4)).toString();
      const p = toPatient(a, here), va = at(a, dataA, p), vb = at(b, dataB, p);
      const unit = v => v.unit ? " " + v.unit : "";
      let line = `voxel ${here.join(", ")}; ${p.map(x => x.toFixed(1)).join(", ")} mm (right, front, head). A: ${text(va)}${unit(a)}`;
      if (a !== b) line += `. B: ${text(vb)}${unit(b)}. A - B: ${text(va - vb)}${a.unit === b.unit ? unit(a) : ""}`;
      $("values").textContent = line;
    }

    function move(v, here, axis, steps) {
      const i = here.slice();
      i[axis] = Math.max(0, Math.min(v.matrix[axis] - 1, i[axis] + steps));
      point = toPatient(v, i); draw();
    }
    function choose() {
      const v = volumes[$("a").value];
      $("low").value = +v.window[0].toPrecision(4); $("high").value = +v.window[1].toPrecision(4);
      $("colors").value = "grey"; draw();
    }
    for (const id of ["a", "b"]) volumes.forEach((v, n) => $(id).add(new Option(v.name + (v.unit ? " [" + v.unit + "]" : ""), n)));
    $("b").value = Math.min(1, volumes.length - 1);
    point = toPatient(volumes[0], volumes[0].matrix.map(n => n >> 1));
    $("a").onchange = choose;
    for (const id of ["b", "mode", "colors"]) $(id).onchange = draw;
    for (const id of ["low", "high", "curtain"]) $(id).oninput = draw;
    choose();
    """#
}
