'use strict';
// What the page does where scripts run. It only moves and copies what the page says without it, and asks no network for anything.
(() => {
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const svg_namespace = document.querySelector('svg.chart').namespaceURI;
  const draw = (name, attributes) => {
    const element = document.createElementNS(svg_namespace, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  // A threshold a label: moves a point on the label's charts, and says what would be predicted.
  const numbers = JSON.parse(document.getElementById('numbers').textContent);
  const ecgs = numbers.units.find((unit) => unit.unit === 'ecg');

  const statistics = (label, at) => {
    const tp = label.operating_points.tp[at], fp = label.operating_points.fp[at];
    const { counts } = label;
    const positives = counts.tp + counts.fn, negatives = counts.fp + counts.tn, n = positives + negatives;
    const fn = positives - tp, tn = negatives - fp;
    return {
      tp, fp, fn, tn,
      sensitivity: tp / positives, specificity: tn / negatives, ppv: tp / (tp + fp), npv: tn / (tn + fn),
      alerts: (1000 * (tp + fp)) / n,
    };
  };

  const marker = (svg) => {
    const area = svg.querySelector('.area');
    if (!area) return null;
    const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => Number(area.getAttribute(name)));
    const point = draw('circle', { class: 'moved', r: 6 });
    const line = draw('line', { class: 'moved', y1: y, y2: y + height });
    svg.append(point, line);
    const put = (px, py) => {
      const seen = Number.isFinite(px) && Number.isFinite(py);
      point.style.display = seen ? '' : 'none';
      if (seen) {
        point.setAttribute('cx', x + px * width);
        point.setAttribute('cy', y + (1 - py) * height);
      }
    };
    const stand = (at) => ['x1', 'x2'].forEach((name) => line.setAttribute(name, x + at * width));
    return { put, stand, point, line };
  };

  const markers = (charts) => {
    const [roc, pr, ...others] = charts.map(marker);
    [roc, pr].forEach((chart) => chart && chart.line.remove());
    others.forEach((chart) => chart && chart.point.remove());
    return (threshold, now) => {
      if (roc) roc.put(1 - now.specificity, now.sensitivity);
      if (pr) pr.put(now.sensitivity, now.ppv);
      others.forEach((chart) => chart && chart.stand(threshold));
    };
  };

  const shown = [
    ['sensitivity', 'sensitivity', 3], ['specificity', 'specificity', 3], ['ppv', 'PPV', 3], ['npv', 'NPV', 3],
    ['alerts', 'predicted in 1,000 ECGs', 1], ['tp', 'TP', 0], ['fp', 'FP', 0], ['fn', 'FN', 0],
    ['tn', 'TN', 0],
  ];

  const threshold_slider = (place, index) => {
    const label = ecgs && ecgs.labels.find((one) => one.label === place.dataset.label);
    const thresholds = label ? label.operating_points.threshold : [];
    if (!thresholds.length) return;
    const own = thresholds.indexOf(label.threshold);
    const name = `threshold-${index}`;
    const slider = make('input', { type: 'range', id: name, min: 0, max: thresholds.length - 1, step: 1, value: own });
    const said = make('output', { for: name, class: 'at' });
    const back = make('button', { type: 'button' }, `back to ${label.threshold}`);
    const values = make('dl', { class: 'values' });
    const cells = shown.map(([, words]) => {
      const cell = make('dd');
      values.append(make('div', {}, make('dt', {}, words), cell));
      return cell;
    });
    const move = markers([...place.nextElementSibling.querySelectorAll('svg.chart')]);
    const update = () => {
      const at = Number(slider.value), now = statistics(label, at);
      said.textContent = thresholds[at];
      slider.setAttribute('aria-valuetext', `${thresholds[at]}`);
      shown.forEach(([key, , digits], i) => {
        cells[i].textContent = Number.isFinite(now[key]) ? now[key].toFixed(digits) : 'n/a';
        cells[i].dataset[key] = now[key];
      });
      move(thresholds[at], now);
    };
    slider.addEventListener('input', update);
    back.addEventListener('click', () => { slider.value = own; update(); });
    place.append(make('label', { for: name }, `Threshold of ${label.label}: `), said, slider, back, values);
    place.hidden = false;
    update();
  };

  // Tables that are sorted by a click on a heading. Averages stay last.
  const key_of = (cell) => {
    const text = cell ? cell.firstChild && cell.firstChild.textContent.trim() : '';
    // A number and nothing else: 1dAVb is a label.
    const plain = String(text).replace(/[\u202f,]/g, '').replace('−', '-').replace(/ %$/, '');
    return /^-?[0-9.]+$/.test(plain) ? { number: Number(plain), text } : { text };
  };
  const compare = (a, b) => {
    if ('number' in a && 'number' in b) return a.number - b.number;
    if ('number' in a !== 'number' in b) return 'number' in a ? -1 : 1;
    return String(a.text).localeCompare(String(b.text));
  };
  const make_sortable = (table) => {
    const body = table.tBodies[0], headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      if (heading.querySelector('svg') || !heading.textContent.trim()) return;
      const button = make('button', { type: 'button', class: 'sort' }, ...heading.childNodes);
      heading.append(button);
      button.addEventListener('click', () => {
        const way = heading.getAttribute('aria-sort') === 'ascending' ? 'descending' : 'ascending';
        headings.forEach((other) => other.removeAttribute('aria-sort'));
        heading.setAttribute('aria-sort', way);
        const rows = [...body.rows].filter((row) => !row.classList.contains('average'));
        const averages = [...body.rows].filter((row) => row.classList.contains('average'));
        const keyed = rows.map((row) => [key_of(row.cells[column]), row]);
        keyed.sort(([a], [b]) => {
          const order = compare(a, b);
          // What is not a number stays behind in both directions.
          return way === 'ascending' || 'number' in a !== 'number' in b ? order : -order;
        });
        body.append(...keyed.map(([, row]) => row), ...averages);
      });
    });
  };

  // Tables as text.
  const cell_text = (cell) => {
    const interval = cell.querySelector('.interval');
    const value = [...cell.childNodes].filter((node) => node !== interval).map((node) => node.textContent).join('').trim();
    return interval ? `${value} (${interval.textContent.trim()})` : value;
  };
  const rows_of = (table) => [...table.rows].map((row) =>
    [...row.cells].filter((cell) => !cell.classList.contains('axis'))
      .flatMap((cell) => [cell_text(cell), ...Array(cell.colSpan - 1).fill('')]));
  const written = {
    CSV: (rows) => rows.map((row) => row.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')).join('\n'),
    Markdown: (rows) => {
      const line = (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
      return [line(rows[0]), `|${rows[0].map((_, i) => (i ? '---:' : '---')).join('|')}|`, ...rows.slice(1).map(line)].join('\n');
    },
    LaTeX: (rows) => {
      const escaped = (cell) => cell.replace(/[\\{}$&#%_^~]/g, (c) =>
        ({ '\\': '\\textbackslash{}', '^': '\\textasciicircum{}', '~': '\\textasciitilde{}' })[c] || `\\${c}`);
      const line = (row) => `${row.map(escaped).join(' & ')} \\\\`;
      return [`\\begin{tabular}{l${'r'.repeat(rows[0].length - 1)}}`, '\\hline', line(rows[0]), '\\hline',
        ...rows.slice(1).map(line), '\\hline', '\\end{tabular}'].join('\n');
    },
  };
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages from a disk may not use the clipboard directly.
      const area = make('textarea', { class: 'hidden-text', 'aria-hidden': 'true' });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
    }
  };
  const add_copy = (table) => {
    const said = make('span', { role: 'status' });
    const buttons = Object.entries(written).map(([form, write]) => {
      const button = make('button', { type: 'button', 'data-form': form }, form);
      button.addEventListener('click', async () => {
        await copy(write(rows_of(table)));
        said.textContent = `copied as ${form}`;
      });
      return button;
    });
    (table.closest('.scroll') || table.parentElement).append(make('details', { class: 'copy' }, make('summary', {}, 'Copy this table'), ...buttons, said));
  };

  // Examples of one label, or of one kind.
  const filter_examples = (section) => {
    const examples = [...section.querySelectorAll('.example')];
    const said = make('output', { class: 'shown' });
    const choice = (key, words) => {
      const values = [...new Set(examples.map((example) => example.dataset[key]))];
      const select = make('select', { id: `examples-${key}` }, make('option', { value: '' }, 'all'),
        ...values.map((value) => make('option', { value }, value)));
      return { key, select, label: make('label', { for: select.id }, words, select) };
    };
    const choices = [choice('label', 'Label '), choice('kind', 'Kind ')];
    const update = () => {
      examples.forEach((example) => {
        example.hidden = choices.some(({ key, select }) => select.value && example.dataset[key] !== select.value);
      });
      said.textContent = `${examples.filter((example) => !example.hidden).length} of ${examples.length} shown`;
    };
    choices.forEach(({ select }) => select.addEventListener('change', update));
    examples[0].before(make('div', { class: 'filter' }, ...choices.map(({ label }) => label), said));
    update();
  };

  document.querySelectorAll('.threshold-slider').forEach(threshold_slider);
  document.querySelectorAll('table.sortable').forEach(make_sortable);
  document.querySelectorAll('main table').forEach(add_copy);
  const section = document.getElementById('ecgs');
  if (section && section.querySelector('.example')) filter_examples(section);
})();
