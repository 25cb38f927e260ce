// Whoever makes an i18next instance: every language, its texts, a missing key, a change of language.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { combine } from '../values.mjs'
import { importsOf } from '../read.mjs'

const KEYS = 4

export function translationScenarios(kit, one) {
  const { ts, source, quote, checker, values } = kit
  const returned = one.signature?.getReturnType()
  if (!returned || !['t', 'language', 'changeLanguage'].every((name) => returned.getProperty(name))) return []
  const parameter = one.signature.parameters[0]
  const languages = parameter ? values.of(checker.getTypeOfSymbolAtLocation(parameter, parameter.valueDeclaration), 'language').slice(0, 6).map(({ code }) => code) : ['']
  const keys = importsOf(ts, source.node).filter((name) => name.endsWith('.json')).slice(0, 1).flatMap((name) => keysOf(resolve(dirname(source.file), name)))
  const missing = 'expect.missing'
  const base = (id, rest) => ({ id: `${one.name} language ${id}`, subject: one.name, sort: 'effect', row: undefined, mocks: [], before: [], act: [], uses: [[source.file, kit.nameOf(one.name)]], dom: true, ...rest })
  const found = combine([languages], 6).flatMap(([language], index) => [
    base(`${index} texts`, { title: `speaks ${language}`, before: [`const { t, language } = ${one.name}(${language})`], expr: `[language, ${keys.map((key) => `t(${quote(key)})`).join(', ')}]` }),
    base(`${index} missing`, { title: `shows the key of a text that ${language} lacks`, before: [`const { t } = ${one.name}(${language})`], expr: `t(${quote(missing)} as never)` }),
  ])
  for (const [index, language] of languages.slice(1, 3).entries()) {
    found.push(base(`${index} change`, { title: `changes its language to ${language}`, before: [`const i18n = ${one.name}(${languages[0]})`], act: [`await i18n.changeLanguage(${language})`], expr: `[i18n.language, ${keys.slice(0, 2).map((key) => `i18n.t(${quote(key)})`).join(', ')}]` }))
  }
  return found
}

function keysOf(file) {
  const found = []
  const walk = (value, path) => {
    for (const [key, one] of Object.entries(value)) {
      if (found.length >= KEYS) return
      const name = path ? `${path}.${key}` : key
      if (typeof one === 'string') { if (!/[{}]|_(one|other)$/.test(one + key)) found.push(name) } else if (one && typeof one === 'object') walk(one, name)
    }
  }
  try {
    walk(JSON.parse(readFileSync(file, 'utf8')), '')
  } catch {
    return [] // no keys are known then
  }
  return found
}
