// Draws a QR code as a picture inside a page, without a script.

import { qrModules } from '#platform';
import { html, type Html } from './page.ts';

export function qrPicture(text: string, description: string): Html {
  const modules = qrModules(text);
  const path = modules
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
    .join('');
  return html`<svg
    class="code"
    viewBox="0 0 ${modules.length} ${modules.length}"
    role="img"
    aria-label="${description}"
  >
    <path d="${path}" fill="#000" shape-rendering="crispEdges" />
  </svg>`;
}
