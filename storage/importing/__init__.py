"""Import 匯入: files of a company's own, checked row by row, become the next directory."""
