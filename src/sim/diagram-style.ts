// Colours and type of space-time diagrams. The page has its own ground, so that it is readable wherever it is shown.

const LIGHT = [
  '--page:#fff;--ink:#1f2328;--soft:#59636e;--row:#eaeef2;--lane:#818b98;--blue:#0969da;--blue2:#ddf4ff',
  '--green:#1a7f37;--green2:#dafbe1;--red:#cf222e;--red2:#ffebe9;--amber:#9a6700;--amber2:#fff8c5',
  '--violet:#8250df;--violet2:#fbefff',
].join(';');

const DARK = [
  '--page:#0d1117;--ink:#f0f6fc;--soft:#9198a1;--row:#1c2229;--lane:#6e7681;--blue:#4493f8;--blue2:#121d2f',
  '--green:#3fb950;--green2:#12261e;--red:#f85149;--red2:#25171c;--amber:#d29922;--amber2:#272215',
  '--violet:#ab7df8;--violet2:#211d30',
].join(';');

/** The style sheet of a diagram. */
export const STYLE: string = [
  `svg{${LIGHT}}`,
  `@media(prefers-color-scheme:dark){svg{${DARK}}}`,
  'text{font:12px ui-sans-serif,system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--ink)}',
  '.page{fill:var(--page)}',
  '.title{font-size:16px;font-weight:600}',
  '.time{font:10.5px ui-monospace,SFMono-Regular,Menlo,monospace;fill:var(--soft);text-anchor:end}',
  '.row{stroke:var(--row)}',
  '.lane{stroke:var(--lane);stroke-width:1.5}',
  '.down{stroke:var(--red);stroke-width:1.5;stroke-dasharray:2 5}',
  '.chip{fill:var(--green2);stroke:var(--green)}',
  '.chip.client{fill:var(--blue2);stroke:var(--blue)}',
  '.chip.coordinator{fill:var(--violet2);stroke:var(--violet)}',
  '.chip.supervisor{fill:var(--row);stroke:var(--soft)}',
  '.name{font-weight:600;text-anchor:middle}',
  '.bar{fill:var(--blue2);stroke:var(--blue)}',
  '.bar.failed,.bar.open{fill:var(--amber2);stroke:var(--amber)}',
  '.call{font-weight:500;text-anchor:end}',
  '.call.returned{fill:var(--blue)}',
  '.call.failed{fill:var(--amber)}',
  '.message{fill:none;stroke:var(--soft);stroke-width:1.25}',
  '.message.lost,.message.open{stroke-dasharray:4 4}',
  '.message.lost{stroke:var(--red)}',
  '.head{fill:var(--soft)}',
  '.label{font:10.5px ui-monospace,SFMono-Regular,Menlo,monospace;fill:var(--soft);text-anchor:middle}',
  '.label.lost{fill:var(--red)}',
  '.cross{fill:none;stroke:var(--red);stroke-width:2.5;stroke-linecap:round}',
  '.dot{fill:var(--soft);stroke:var(--page);stroke-width:1.5}',
  '.dot.start,.dot.ready,.dot.resume,.dot.heal{fill:var(--green)}',
  '.dot.fault,.dot.pause{fill:var(--amber)}',
  '.said{fill:var(--soft)}',
  '.said.crash{fill:var(--red);font-weight:600}',
  '.said.start,.said.ready,.said.resume{fill:var(--green)}',
  '.said.fault,.said.pause{fill:var(--amber)}',
  '.all{stroke:var(--amber);stroke-dasharray:6 4}',
  '.all.heal{stroke:var(--green)}',
  '.all.violation{stroke:var(--red);stroke-dasharray:none}',
  '.plate{fill:var(--amber2);stroke:var(--amber)}',
  '.plate.heal{fill:var(--green2);stroke:var(--green)}',
  '.plate.violation{fill:var(--red2);stroke:var(--red)}',
  '.middle{text-anchor:middle;fill:var(--amber)}',
  '.middle.heal{fill:var(--green)}',
  '.middle.violation{fill:var(--red);font-weight:600}',
  // What is written over lines keeps clear of them.
  '.call,.label,.said{paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}',
].join('');
