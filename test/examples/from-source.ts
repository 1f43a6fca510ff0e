// Loaded before an example: `quorate` and `quorate/NAME` are then the sources beside it, without a build.
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const entry = /^quorate(?:\/(.+))?$/.exec(specifier);
    if (entry === null) return nextResolve(specifier, context);
    const path = entry[1] === undefined ? 'src/index.ts' : `src/${entry[1]}/index.ts`;
    return nextResolve(new URL(`../../${path}`, import.meta.url).href, context);
  },
});
