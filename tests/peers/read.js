// Prints, for every file named, what a reader makes of it: one JSON object a line. First arguments: the reader, and the
// folder of the npm packages.
const fs = require('fs')
const [, , reader, folder, ...files] = process.argv
const load = (name) => require(`${folder}/node_modules/${name}`)
const OUTER = process.env.OUTER

const readers = {
  'dotenv (npm)': (text) => load('dotenv').parse(text),
  'dotenv-expand': (text) =>
    load('dotenv-expand').expand({ parsed: load('dotenv').parse(text), processEnv: { OUTER } }).parsed,
  dotenvx: (text) => load('@dotenvx/dotenvx').parse(text, { processEnv: { OUTER } }),
  'node --env-file': (text) => require('util').parseEnv(text),
  '@next/env': (contents) => {
    const { processEnv, resetEnv } = load('@next/env')
    const [, parsed] = processEnv([{ path: '.env', contents, env: {} }], '.', console, true)
    resetEnv()
    return parsed
  },
}

for (const file of files) console.log(JSON.stringify(readers[reader](fs.readFileSync(file, 'utf8'))))
