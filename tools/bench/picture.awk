# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Draws the comparisons of bench.json as bars, as long as the logarithm: a hundredfold leaves something to be seen of a twofold.
BEGIN { FS = "\"" }
$2 == "kernel" || $2 == "machine" { host = host " " $4 }
$2 == "what" { what = $4 }
$2 == "peer" { peer = $4 }
$2 == "times_faster" {
	times[++count] = substr($3, 3) + 0
	bar[count] = log((times[count] > 1 ? times[count] : 1) + 1)
	label[count] = what ", " peer
	longest = bar[count] > longest ? bar[count] : longest
}
END {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", (count + 2) * 22
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	print "<text x=\"8\" y=\"16\" font-weight=\"bold\">How many times faster cgfence is (logarithmic), Linux" host "</text>"
	for (i = 1; i <= count; i++) {
		y = i * 22 + 4
		width = bar[i] * 300 / longest
		printf "<text x=\"422\" y=\"%d\" text-anchor=\"end\">%s</text>\n", y + 15, label[i]
		printf "<rect x=\"430\" y=\"%d\" width=\"%.1f\" height=\"16\" fill=\"%s\"/>", y + 3, width, (times[i] >= 1 ? "#2a7ab0" : "#b0592a")
		printf "<text x=\"%.1f\" y=\"%d\">%.1f ×</text>\n", width + 436, y + 15, times[i]
	}
	print "</svg>"
}
