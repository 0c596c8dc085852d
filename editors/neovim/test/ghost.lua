-- Ghost text in a real Neovim:
--
--   nvim --headless -u NONE -i NONE -n -l editors/neovim/test/ghost.lua
--
-- Grey text exists in insert mode only, and a script has none. So this one starts a second Neovim, types into it as a
-- terminal would, and looks at what it shows. Environment as in scene.lua. Each step prints `ok WORDS`; nothing sleeps.

local scene = dofile(vim.fs.dirname(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')) .. '/scene.lua')
local say, step = scene.say, scene.step

local editor = vim.fn.jobstart({ vim.v.progpath, '--embed', '--headless', '-u', 'NONE', '-i', 'NONE', '-n' }, { rpc = true })

local function lua(code, ...) return vim.rpcrequest(editor, 'nvim_exec_lua', code, { ... }) end
local function press(keys) vim.rpcrequest(editor, 'nvim_input', keys) end

local function fail(what, saw)
  say('FAILED ' .. what)
  say('  saw: ' .. vim.inspect(saw))
  say('  log of the client:\n' .. lua("local log = io.open(vim.lsp.log.get_filename()); return log and log:read('*a'):sub(-4000) or ''"))
  vim.fn.jobstop(editor)
  os.exit(1)
end

local function wait_for(what, look, fits)
  local saw
  vim.wait(scene.PATIENCE, function()
    saw = look()
    return fits(saw)
  end, 20)
  if not fits(saw) then fail(what, saw) end
end

--- The grey text, and what stands in the buffer.
local function shown()
  return lua([[
    local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
    local marks = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })
    local words = {}
    for _, mark in ipairs(marks) do
      table.insert(words, mark[2] .. ':' .. mark[3] .. ' ' .. mark[4].virt_text[1][1])
    end
    return words
  ]])
end

local function text() return lua("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')") end

lua([[
  local plugin, server, file = ...
  vim.opt.runtimepath:prepend(plugin)
  vim.cmd('filetype on')
  require('copydesk').setup({ cmd = { server, 'lsp' } })
  vim.keymap.set('i', '<C-y>', function() vim.lsp.inline_completion.get() end)
  -- What is shown may be of an answer for an older text: how many answers have come tells them apart.
  vim.g.answers = 0
  vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
    local request = event.data.request
    if request.type == 'complete' and request.method == 'textDocument/inlineCompletion' then vim.g.answers = vim.g.answers + 1 end
  end })
  vim.cmd.edit(vim.fn.fnameescape(file))
  vim.api.nvim_buf_set_lines(0, 1, 2, false, { '    return ' })
]], scene.plugin, scene.server, scene.folder('workspace') .. '/prices.py')
wait_for('the server offers suggestions', function()
  return lua("return vim.lsp.inline_completion.is_enabled({ bufnr = 0 })")
end, function(is_on) return is_on end)
step('the plugin turns grey text on')

press('jA')
wait_for('grey text at the cursor', shown, function(words) return words[1] == '1:11 price * 2' end)
if text():find('price * 2', 1, true) then fail('it is not in the buffer', text()) end
step('a suggestion shows as grey text')

local before = lua('return vim.g.answers')
press('price')
wait_for('an answer for what was typed', function() return lua('return vim.g.answers') end, function(answers) return answers > before end)
wait_for('the rest of it', shown, function(words) return words[1] == '1:16  * 2' end)
step('typing through it leaves its rest')

press('<C-y>')
wait_for('the suggestion in the buffer', text, function(now) return now == 'def double(price):\n    return price * 2' end)
step('it is taken with a key')

press('<Esc>')
lua("require('copydesk').client(0):stop()")
wait_for('the server to end', function() return lua("return require('copydesk').client(0) == nil") end, function(ended) return ended end)
vim.fn.jobstop(editor)
say('the story is told')
os.exit(0)
