/// How a report looks: on a desk, on a phone, on paper, by day and by night.
enum ReportStyle {
  /// The style sheet.
  ///
  /// What is chosen in the viewer is shown by rules of its own, so that no script is needed.
  static let sheet = """
    :root { color-scheme: light dark; --ink: #1b1f24; --soft: #5a6370; --line: #d5dae1; --paper: #fff; --panel: #f4f6f8; --good: #00704f; --bad: #b04a00; --band: #0072b2 }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b3; --line: #3a424d; --paper: #14171b; --panel: #1f242a; --good: #3ecf9f; --bad: #ff9a57; --band: #56b4e9 } }
    * { box-sizing: border-box }
    html { scroll-padding-top: 3.5em }
    body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1120px; margin: 0 auto; padding: 0 1em 4em; overflow-wrap: break-word }
    h1 { font-size: 1.05em; font-weight: 600; color: var(--soft); margin: 1.2em 0 0.6em }
    h2 { margin: 2.2em 0 0.6em; font-size: 1.3em; border-bottom: 1px solid var(--line) }
    h3 { margin: 1.4em 0 0.4em; font-size: 1.05em }
    a { color: inherit }
    nav { position: sticky; top: 0; z-index: 2; background: var(--paper); border-bottom: 1px solid var(--line); padding: 0.5em 0; display: flex; flex-wrap: wrap; gap: 0.2em 1.2em; font-size: 0.92em }
    .headline { font-size: 1.55em; line-height: 1.3; font-weight: 650; margin: 0.2em 0 0.5em; text-wrap: balance }
    .answer { display: grid; grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr); gap: 0.5em 2em; align-items: start }
    .protocol { display: flex; flex-wrap: wrap; gap: 0.3em 1.6em; margin: 1em 0; padding: 0.7em 0.9em; background: var(--panel); border-radius: 6px }
    .protocol div { min-width: 0 } .protocol dt { font-size: 0.78em; color: var(--soft) } .protocol dd { margin: 0 }
    .caution { border-left: 4px solid var(--bad); padding: 0.3em 0 0.3em 0.9em; margin: 1em 0 }
    .note, caption, figcaption { color: var(--soft); font-size: 0.9em }
    ul { padding-left: 1.3em } li { margin: 0.2em 0 }
    table { border-collapse: collapse; margin: 0.7em 0; font-variant-numeric: tabular-nums; font-size: 0.92em; width: 100% }
    caption { text-align: left; padding-bottom: 0.3em }
    th, td { padding: 0.25em 0.5em; text-align: right; border-bottom: 1px solid var(--line); vertical-align: baseline }
    th { font-weight: 600 } thead th { vertical-align: bottom; border-bottom: 2px solid var(--soft) }
    th:first-child, td:first-child, .words td, .words th { text-align: left } .words td, li, p, dd { overflow-wrap: anywhere }
    figure { margin: 0; min-width: 0 }
    .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(330px, 100%), 1fr)); gap: 1.2em; align-items: start }
    .plots svg, .main svg { display: block; width: 100%; height: auto } .main { max-width: 640px }
    .choices { display: flex; flex-wrap: wrap; gap: 0.5em 1.2em; margin: 0.8em 0; border: 0; padding: 0 }
    .choices fieldset { border: 1px solid var(--line); border-radius: 6px; margin: 0; padding: 0.15em 0.6em 0.35em; min-width: 0 }
    .choices legend { font-size: 0.8em; color: var(--soft); padding: 0 0.3em } .choices label { margin-right: 0.7em; white-space: nowrap }
    .cells { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 0.9em }
    .three { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0.6em }
    .frame { position: relative; overflow: hidden; background: #000; border-radius: 3px }
    .frame img { display: block; width: 100%; height: auto; image-rendering: pixelated }
    .mark { position: absolute; top: 0.2em; color: #fff; font-size: 0.75em; line-height: 1; text-shadow: 0 0 3px #000, 0 0 3px #000; pointer-events: none }
    .mark.left { left: 0.3em } .mark.right { right: 0.3em }
    .scale { position: absolute; bottom: 0.35em; left: 0.4em; border-bottom: 2px solid #fff; color: #fff; font-size: 0.7em; line-height: 1.2; text-shadow: 0 0 3px #000, 0 0 3px #000; white-space: nowrap }
    .metric { display: none }
    details { margin: 0.8em 0 } summary { cursor: pointer; color: var(--soft) }
    @media (max-width: 640px) {
      .answer { grid-template-columns: minmax(0, 1fr) } .headline { font-size: 1.25em }
      .cells { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.6em }
      table, tbody, tr, td, caption { display: block } thead { position: absolute; left: -9999px }
      tr { border-bottom: 2px solid var(--line); padding: 0.4em 0 }
      td, .words td { border: 0; padding: 0.1em 0; display: flex; justify-content: space-between; gap: 1em; text-align: right }
      td::before { content: attr(data-label); color: var(--soft); text-align: left; flex: none; max-width: 55% }
      td:first-child { font-weight: 650; text-align: left } td span { min-width: 0; overflow-wrap: anywhere } td:first-child::before { content: none }
    }
    @page { size: A4; margin: 14mm }
    @media print {
      :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --panel: #f2f2f2; --good: #00593f; --bad: #8a3a00; --band: #0072b2 }
      body { max-width: none; font-size: 9.5pt; padding: 0 } nav, .choices { display: none } summary { list-style: none; font-weight: 650 } details::details-content { content-visibility: visible; display: block; height: auto }
      h2, h3 { break-after: avoid } figure, tr, .protocol, .answer { break-inside: avoid }
      table { font-size: 7.5pt } th, td { padding: 0.15em 0.3em } .cells { grid-template-columns: repeat(4, 1fr) }
      .plots { grid-template-columns: 1fr 1fr } .frame, .frame img { print-color-adjust: exact }
    }

    """
}
