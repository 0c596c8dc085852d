-- The references behind a lens, as the quickfix list that every other list of places is.

local M = {}

--- Makes `copydesk.references` of a lens open the list; the server finds the places.
function M.register()
  vim.lsp.commands['copydesk.references'] = function(command, context)
    local client = vim.lsp.get_client_by_id(context.client_id)
    if not client then return end
    local argument = (command.arguments or {})[1] or {}
    require('copydesk.ask').send(client, 'copydesk.references', argument, context.bufnr, function(err, result)
      if err or not result then return end
      local items = vim.lsp.util.locations_to_items(result.locations, client.offset_encoding)
      vim.fn.setqflist({}, ' ', { title = 'References', items = items })
      vim.cmd('botright copen')
    end)
  end
end

return M
