// Node-RED's own editor, as a person uses it inside the platform's page.
import { until } from './leat.mjs'

/** Waits until the editor in the page is there with its flow drawn, and returns its frame. */
export async function editorIn(page, instance) {
  const origin = new URL(instance.editorUrl).origin
  const frame = await until('the editor', async () => {
    for (const f of page.frames()) if (f.url().startsWith(origin) && (await f.$('#red-ui-workspace-chart'))) return f
  })
  await frame.waitForFunction(() => window.RED?.nodes?.getWorkspaceOrder?.().length > 0 && !document.querySelector('#red-ui-loading-progress')?.offsetParent, undefined, { polling: 100, timeout: 60_000 })
  return frame
}

/** Opens the page with the editor and waits for it. */
export async function openEditor(page, leat, team, instance) {
  await page.goto(`${leat.base}/team/${team.slug}/instance/${instance.id}/editor`)
  return editorIn(page, instance)
}

/** Replaces the code of a function node: double click, type, Done. */
export async function editFunction(page, frame, id, code) {
  await frame.locator(`[id="${id}"]`).first().dblclick()
  const code0 = frame.locator('#node-input-func-editor .monaco-editor textarea, #node-input-func-editor .monaco-editor .native-edit-context').first()
  await code0.waitFor({ state: 'attached' })
  await frame.locator('#node-input-func-editor .view-lines').click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(code)
  await frame.locator('#node-dialog-ok').click()
  await frame.locator('#node-dialog-ok').waitFor({ state: 'detached' })
}

/** Presses Deploy and waits until Node-RED says it is done. */
export async function pressDeploy(frame) {
  await frame.locator('#red-ui-header-button-deploy').click()
  await frame.locator('.red-ui-notification', { hasText: /successfully deployed/i }).first().waitFor()
}

/** Whether the editor holds what is not deployed. */
export function isDirty(frame) {
  return frame.evaluate(() => window.RED.nodes.dirty())
}
