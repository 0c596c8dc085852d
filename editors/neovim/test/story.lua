-- The story of editors/story in a real Neovim, without a screen:
--
--   nvim --headless -u NONE -i NONE -n -l editors/neovim/test/story.lua
--
-- Environment and words as in scene.lua.

local scene = dofile(vim.fs.dirname(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')) .. '/scene.lua')
local step, fail, wait_for = scene.step, scene.fail, scene.wait_for
local open, text_of, finding, findings = scene.open, scene.text_of, scene.finding, scene.findings
scene.begin(scene.folder('workspace'))

local function marked(bufnr, d) return vim.api.nvim_buf_get_text(bufnr, d.lnum, d.col, d.end_lnum, d.end_col, {})[1] end

--- Asks the server about a place; answers the result.
local function request(bufnr, method, row, column)
  return scene.request(bufnr, method, { position = { line = row, character = column } })
end

-- The person: what they are asked and what they answer.
local asked = {}
vim.ui.input = function(options, answer)
  table.insert(asked, options.prompt)
  answer('Make this iterative, keep the signature')
end
local menus = {}
vim.ui.select = function(items, options, answer) table.insert(menus, { items = items, options = options, answer = answer }) end

local told = {}
vim.notify = function(text) table.insert(told, text) end
local progressed = false
vim.api.nvim_create_autocmd('LspProgress', { callback = function() progressed = true end })

-- Open the workflow: the server comes, and the mistakes show.
require('copydesk').setup({ cmd = { scene.server, 'lsp' } })
local workflow = open('.copydesk/workflows/release.yaml')
local client = require('copydesk').client(workflow)
if client.root_dir ~= scene.workspace then fail('the workspace is the root', client.root_dir) end
step('the server starts for a file')

local unknown = wait_for('a diagnostic', function() return finding(workflow, 'unknown-key') end, findings(workflow))
if marked(workflow, unknown) ~= 'rnu' then fail('the wrong key is marked', marked(workflow, unknown)) end
local lost = wait_for('a diagnostic', function() return finding(workflow, 'unknown-step') end, findings(workflow))
if marked(workflow, lost) ~= 'tset' then fail('the wrong step is marked', marked(workflow, lost)) end
step('a broken workflow is marked where it is broken')

vim.api.nvim_win_set_cursor(0, { unknown.lnum + 1, unknown.col })
vim.lsp.buf.code_action({ apply = true, context = { only = { 'quickfix' } }, filter = function(found) return found.edit ~= nil end })
wait_for('the quick fix', function()
  for _, menu in ipairs(menus) do
    menu.answer(menu.items[1], 1)
  end
  menus = {}
  return text_of(workflow):find('\n    run: cargo publish', 1, true)
end, function() return text_of(workflow) end)
wait_for('the diagnostic to go', function() return not finding(workflow, 'unknown-key') end, findings(workflow))
step('a quick fix mends it, and its mark goes')

local row = vim.api.nvim_buf_line_count(workflow)
vim.api.nvim_buf_set_lines(workflow, row, row, false, { '    re' })
local completion = request(workflow, 'textDocument/completion', row, 6)
local labels = vim.tbl_map(function(item) return item.label end, completion.items or completion)
if not vim.list_contains(labels, 'retry') then fail('the completion offers `retry`', labels) end
vim.api.nvim_buf_set_lines(workflow, row, row + 1, false, {})
step('a half-typed key is completed')

-- Inside an expression: what a step of this type gives, and what a function takes.
local function with_step(expression, look)
  local text = '  - {id: last, type: shell, run: "${{ ' .. expression
  vim.api.nvim_buf_set_lines(workflow, row, row, false, { text .. ' }}"}' })
  vim.api.nvim_win_set_cursor(0, { row + 1, #text })
  look(#text)
  vim.api.nvim_buf_set_lines(workflow, row, row + 1, false, {})
end
with_step('steps.test.output.', function(column)
  local fields = request(workflow, 'textDocument/completion', row, column)
  labels = vim.tbl_map(function(item) return item.label end, fields.items or fields)
  if not vim.list_contains(labels, 'exitCode') or vim.list_contains(labels, 'status') then fail('the fields of a shell step', labels) end
end)
step('completion knows the type of what stands before the dot')

with_step('inputs.registry.replace(', function()
  vim.lsp.buf.signature_help()
  local shown = wait_for('the signature', function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local text = vim.api.nvim_win_get_config(window).relative ~= '' and text_of(vim.api.nvim_win_get_buf(window))
      if text and text:find('replace(search', 1, true) then return window end
    end
  end)
  vim.api.nvim_win_close(shown, true)
end)
step('a signature is shown while an argument is written')

-- What stands beside the text, and how it is colored.
vim.lsp.inlay_hint.enable(true, { bufnr = workflow })
with_step('steps.test.output.stdout', function(column)
  wait_for('the hint', function()
    return vim.iter(vim.lsp.inlay_hint.get({ bufnr = workflow })):any(function(hint)
      return vim.inspect(hint.inlay_hint.label):find('waits for test', 1, true)
    end)
  end, function() return vim.lsp.inlay_hint.get({ bufnr = workflow }) end)
  wait_for('the color of a name in an expression', function()
    return vim.iter(vim.lsp.semantic_tokens.get_at_pos(workflow, row, column - 1) or {}):any(function(token) return token.type == 'property' end)
  end, function() return vim.lsp.semantic_tokens.get_at_pos(workflow, row, column - 1) end)
end)
vim.lsp.inlay_hint.enable(false, { bufnr = workflow })
step('a hint tells what a step waits for, and expressions have colors')

local outline
vim.lsp.buf.document_symbol({ on_list = function(list) outline = list.items end })
wait_for('the outline', function()
  return outline and vim.iter(outline):any(function(item) return item.text:find('publish', 1, true) end)
end, function() return outline end)
step('the outline names the steps')

local hover = request(workflow, 'textDocument/hover', 8, 6)
local words = hover and (hover.contents.value or vim.inspect(hover.contents)) or ''
if not words:find('%w+ %w+ %w+') then fail('the hover says what `type` is', hover) end
step('hover tells about a key')

-- Two files: the input that the one declares and the other gives.
local nightly = open('.copydesk/workflows/nightly.yaml')
local given = vim.fn.search('registry:', 'w')
vim.api.nvim_win_set_cursor(0, { given, 13 })
vim.lsp.buf.definition()
wait_for('the definition', function() return vim.api.nvim_get_current_buf() == workflow end, function() return vim.api.nvim_buf_get_name(0) end)
local place = vim.api.nvim_win_get_cursor(0)
local there = vim.api.nvim_buf_get_lines(workflow, place[1] - 1, place[1], false)[1]
if there:sub(place[2] + 1, place[2] + 8) ~= 'registry' then fail('the cursor is on the declaration', { place, there }) end
step('a name leads into the other file')

-- The lenses of Neovim came under new names with 0.12.
local lens = vim.lsp.codelens
if lens.enable then lens.enable(true, { bufnr = workflow }) else lens.refresh({ bufnr = workflow }) end
local function lenses()
  -- The newer ones are counted when they come into sight.
  vim.cmd('redraw!')
  return vim.inspect(lens.get(lens.enable and { bufnr = workflow } or workflow))
end
wait_for('the lens', function() return lenses():find('2 references', 1, true) end, lenses)
step('a lens counts who refers to an input, over both files')

vim.lsp.buf.rename('target')
wait_for('the rename', function()
  return text_of(nightly):find('inputs: {target: tries}', 1, true) and text_of(workflow):find('inputs.target', 1, true)
end, function() return { text_of(nightly), text_of(workflow) } end)
if text_of(workflow):find('registry:', 1, true) then fail('the declaration has the new name', text_of(workflow)) end
if #vim.diagnostic.get(nightly) > 0 then fail('nothing is wrong after it', vim.diagnostic.get(nightly)) end
step('a rename reaches both files')

local declaring = vim.api.nvim_buf_get_lines(workflow, 4, 5, false)
vim.api.nvim_buf_set_lines(workflow, 4, 5, false, { (declaring[1]:gsub('target', 'goal')) })
wait_for('the input that is gone to be marked in the other file', function()
  local stray = finding(nightly, 'unknown-input')
  return stray and marked(nightly, stray) == 'target'
end, findings(nightly))
vim.api.nvim_buf_set_lines(workflow, 4, 5, false, declaring)
wait_for('the diagnostic to go', function() return not finding(nightly, 'unknown-input') end, findings(nightly))
step('a change in a workflow marks the one that calls it')

-- Layout and a refactoring, by the editor's own commands; then everything is put back.
local tidy = text_of(workflow)
vim.api.nvim_buf_set_lines(workflow, 7, 8, false, { '  - id:    test   ' })
vim.lsp.buf.format({ bufnr = workflow, timeout_ms = scene.PATIENCE })
wait_for('the layout', function() return text_of(workflow) == tidy end, function() return text_of(workflow) end)
vim.api.nvim_win_set_cursor(0, { 10, 12 })
vim.lsp.buf.code_action({ apply = true, filter = function(found) return found.title:find('as a block', 1, true) end })
wait_for('the refactoring', function()
  return text_of(workflow):find('\n    run: |-\n      cargo test', 1, true)
end, function() return text_of(workflow) end)
vim.api.nvim_buf_set_lines(workflow, 0, -1, false, vim.split(tidy, '\n'))
step('a file is laid out, and a refactoring is done')

-- Ask about a function, by the code action that the server offers.
local stairs = open('stairs.py')
local before = text_of(stairs)
local theirs = vim.api.nvim_create_namespace('other-server')
vim.diagnostic.set(theirs, stairs, {
  { lnum = 6, col = 11, end_lnum = 6, end_col = 15, message = 'slow for many steps', source = 'pylint', code = 'W0001', severity = 2 },
})
local sent = {}
local send = require('copydesk.ask').send
require('copydesk.ask').send = function(to, command, argument, ...)
  table.insert(sent, { command = command, argument = argument })
  return send(to, command, argument, ...)
end

vim.lsp.buf.code_action({
  apply = true,
  range = { start = { 4, 0 }, ['end'] = { 7, 43 } },
  filter = function(found)
    local command = type(found.command) == 'table' and found.command or found
    local argument = (command.arguments or {})[1] or {}
    return command.command == 'copydesk.ask' and (argument.action == nil or argument.action == 'ask')
  end,
})
wait_for('the ask', function() return #sent > 0 end, function() return menus end)
if #asked ~= 1 then fail('the prompt is asked for once', asked) end
local argument = sent[1].argument
if argument.prompt ~= 'Make this iterative, keep the signature' then fail('the prompt goes along', argument) end
if #argument.diagnostics ~= 1 or argument.diagnostics[1].source ~= 'pylint' or argument.diagnostics[1].range.start.line ~= 6 then
  fail("the other server's diagnostics go along", argument.diagnostics)
end
step('the code action asks for a prompt and sends what other servers found')

-- The permission prompt: a menu, and a diagnostic with the same choices beside it.
local menu = wait_for('a permission prompt', function() return menus[1] end, function() return { text_of(stairs), vim.diagnostic.get(stairs) } end)
local titles = vim.tbl_map(function(item) return item.title end, menu.items)
if not vim.list_contains(titles, 'Allow once') or not vim.list_contains(titles, 'Deny') then fail('the choices', titles) end
if not menu.options.prompt:find('stairs.py', 1, true) then fail('the prompt names the file', menu.options.prompt) end
wait_for('the pending approval as a diagnostic', function() return finding(stairs, 'pending-approval') end, findings(stairs))
if text_of(stairs) ~= before then fail('nothing changes before it is allowed', text_of(stairs)) end
step('permission is asked before anything changes')

for at, title in ipairs(titles) do
  if title == 'Allow once' then menu.answer(menu.items[at], at) end
end
wait_for('the edit', function() return text_of(stairs):find('for _ in range(steps - 1):', 1, true) end, function() return text_of(stairs) end)
wait_for('the approval to go', function() return not finding(stairs, 'pending-approval') end, findings(stairs))
wait_for('the run to end', function() return next(require('copydesk').running) == nil end, function() return require('copydesk').running end)
wait_for('the answer', function() return vim.list_contains(told, 'Copydesk: The function is a loop now; its signature is as it was.') end, function() return told end)
if not progressed then fail('progress is reported') end
step('the allowed edit arrives in the buffer, and the answer is shown')

-- Undo keeps what the person typed since.
vim.api.nvim_buf_set_lines(stairs, 0, 0, false, { '# mine' })
vim.cmd('Copydesk undo')
wait_for('the undo', function() return text_of(stairs) == '# mine\n' .. before end, function() return text_of(stairs) end)
step('undo takes the edit back and keeps later typing')

-- A question that was missed: the diagnostic has the same choices.
local function ask_again(prompt)
  menus = {}
  vim.cmd('5,8Copydesk ask ' .. prompt)
  wait_for('a permission prompt', function() return menus[1] end, function() return menus end)
  wait_for('the pending approval', function() return finding(stairs, 'pending-approval') end, findings(stairs))
end

local function ended()
  wait_for('the run to end', function() return next(require('copydesk').running) == nil end, function() return require('copydesk').running end)
  wait_for('the approval to go', function() return not finding(stairs, 'pending-approval') end, findings(stairs))
  if text_of(stairs) ~= '# mine\n' .. before then fail('the text stays as it is', text_of(stairs)) end
end

ask_again('Print it for twenty steps')
vim.cmd('Copydesk approve')
local choices = wait_for('the choices', function() return menus[2] end, function() return menus end)
local deny = vim.tbl_filter(function(item) return item.action.title:find('Deny', 1, true) ~= nil end, choices.items)[1]
if not deny then fail('the choices beside the diagnostic', choices.items) end
choices.answer(deny, 1)
ended()
menus[1].answer(nil)
step('what was missed can be answered at its mark')

ask_again('Print it for thirty steps')
vim.cmd('Copydesk cancel')
ended()
menus[1].answer(nil)
step('a run can be canceled while it waits')

-- A command in the background: its output opens, words reach the run, and it ends with it.
menus = {}
local stays = text_of(stairs)
vim.cmd('5,8Copydesk ask Please watch the folder')
local permit = wait_for('a permission prompt', function() return menus[1] end, function() return menus end)
if not permit.options.prompt:find('echo watching', 1, true) then fail('the prompt shows the command', permit.options.prompt) end
for at, item in ipairs(permit.items) do
  if item.title == 'Allow once' then permit.answer(item, at) end
end
local function offered(words)
  local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
  params.context = { diagnostics = {}, only = { 'source' } }
  local answer = vim.lsp.buf_request_sync(stairs, 'textDocument/codeAction', params, scene.PATIENCE) or {}
  local _, first = next(answer)
  for _, found in ipairs(first and first.result or {}) do
    if found.title:find(words, 1, true) then return found.command end
  end
end
local show = wait_for('the command among the code actions', function() return offered('show the output of') end)
send(client, show.command, show.arguments[1], stairs)
vim.o.autoread = true
wait_for('the output to open and grow', function()
  vim.cmd.checktime()
  return vim.api.nvim_buf_get_name(0):find('job-1.log', 1, true) and text_of(0):find('watching', 1, true)
end, function() return { vim.api.nvim_buf_get_name(0), text_of(0) } end)
vim.cmd.buffer(stairs)
step('a command in the background shows what it prints')

vim.cmd('Copydesk tell mind the stairs')
wait_for('the run to hear it and end', function() return next(require('copydesk').running) == nil end, function() return require('copydesk').running end)
wait_for('its answer', function() return vim.list_contains(told, 'Copydesk: I mind them.') end, function() return told end)
if text_of(stairs) ~= stays then fail('the text stays as it is', text_of(stairs)) end
step('a run at work hears what it is told')

-- The conversations: one is named, another is deleted after a question.
local function choose(word)
  local list = wait_for('the list', function() return menus[1] end, function() return menus end)
  list.answer(list.items[1], 1)
  local acts = wait_for('what to do', function() return menus[2] end, function() return menus end)
  for at, act in ipairs(acts.items) do
    if act.word == word then acts.answer(act, at) end
  end
  return list
end
vim.ui.input = function(_, answer) answer('stairs') end
menus = {}
vim.cmd('Copydesk sessions')
choose('Name…')
local function first_session()
  menus = {}
  vim.cmd('Copydesk sessions')
  local list = wait_for('the list', function() return menus[1] end, function() return menus end)
  menus = {}
  return list
end
wait_for('the name', function() return first_session().items[1].name == 'stairs' end)
local count = #first_session().items
vim.cmd('Copydesk sessions')
choose('Delete…')
local sure = wait_for('the question', function() return menus[3] end, function() return menus end)
for at, item in ipairs(sure.items) do
  if item.title == 'Delete' then sure.answer(item, at) end
end
wait_for('the conversation to go', function() return #first_session().items == count - 1 end)
step('a conversation is named, and deleted after a question')

-- Back to before the first ask that is left: nothing of ours is in the text, and the conversation is shorter.
vim.cmd('Copydesk rewind')
wait_for('the rewind', function()
  local shown = first_session()
  return shown and text_of(stairs) == stays
end, function() return text_of(stairs) end)
wait_for('a word about it', function() return vim.list_contains(told, 'Copydesk: back to before the last turn') end, function() return told end)
step('a rewind leaves what the person typed')

-- What holds for this session of the editor.
vim.cmd('Copydesk mode plan')
wait_for('the mode', function() return vim.list_contains(told, 'Copydesk: the mode is plan') end, function() return told end)
vim.cmd('Copydesk tell anybody there')
if told[#told] ~= 'Copydesk: nothing is running' then fail('nobody hears it', told) end
step('a mode is chosen for a session')

client:stop()
wait_for('the server to end', function() return client:is_stopped() end)
step('the server ends when told')
scene.say('the story is told')
os.exit(0)
