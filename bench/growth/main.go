// Command growth draws what BenchmarkGrowth (cmd/saqbol) measured: how long a check
// takes and how much memory the program holds, from ten thousand subjects to ten
// million.
package main

import (
	"encoding/csv"
	"fmt"
	"image/color"
	"os"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "growth: name the CSV file to read and the PNG file to write")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

// column is a line of a chart: a column of the file, in a unit of which one is
// so much.
type column struct {
	name, title string
	unit        float64
	color       color.RGBA
}

func run(from, to string) error {
	rows, err := read(from)
	if err != nil {
		return err
	}
	times, err := chart("A check, from the text to the verdict", "microseconds", rows,
		column{"plain_ns", "one plain prepared lookup", 1000, color.RGBA{0x88, 0x88, 0x88, 0xff}},
		column{"hit_ns", "of a reported number", 1000, color.RGBA{0xd5, 0x5e, 0x00, 0xff}},
		column{"miss_ns", "of a number nobody reported", 1000, color.RGBA{0x00, 0x72, 0xb2, 0xff}})
	if err != nil {
		return err
	}
	memory, err := chart("Memory of the program once its filter stands", "megabytes", rows,
		column{"rss_mb", "resident", 1, color.RGBA{0xd5, 0x5e, 0x00, 0xff}},
		column{"anon_mb", "of that its own, the rest is pages of files", 1, color.RGBA{0x00, 0x72, 0xb2, 0xff}})
	if err != nil {
		return err
	}
	return draws(to, times, memory)
}

// read gives each row of a CSV file as numbers under the names of its columns.
func read(path string) ([]map[string]float64, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // read only
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil || len(lines) < 2 {
		return nil, fmt.Errorf("reading %s: it has no rows (%v)", path, err)
	}
	var rows []map[string]float64
	for _, line := range lines[1:] {
		row := map[string]float64{}
		for i, name := range lines[0] {
			if row[name], err = strconv.ParseFloat(line[i], 64); err != nil {
				return nil, fmt.Errorf("reading %s: %w", path, err)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func chart(title, unit string, rows []map[string]float64, columns ...column) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, "reported subjects", unit
	p.X.Scale, p.Y.Min = plot.LogScale{}, 0
	p.Add(plotter.NewGrid())
	var marks []plot.Tick
	for _, row := range rows {
		marks = append(marks, plot.Tick{Value: row["subjects"], Label: fmt.Sprintf("%.0e", row["subjects"])})
	}
	p.X.Tick.Marker = plot.ConstantTicks(marks)
	highest := 0.0
	for _, c := range columns {
		points := make(plotter.XYs, len(rows))
		for i, row := range rows {
			points[i].X, points[i].Y = row["subjects"], row[c.name]/c.unit
			highest = max(highest, points[i].Y)
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, fmt.Errorf("drawing %s: %w", c.name, err)
		}
		line.Color, dots.Color, line.Width, dots.Shape = c.color, c.color, vg.Points(2), draw.CircleGlyph{}
		p.Add(line, dots)
		p.Legend.Add(c.title, line, dots)
	}
	p.Y.Max = highest * 1.35 // room for the legend
	p.Legend.Top, p.Legend.Left = true, true
	return p, nil
}

// draws puts the charts side by side into a PNG file.
func draws(path string, plots ...*plot.Plot) error {
	const width, height = 16 * vg.Centimeter, 11 * vg.Centimeter
	canvas := vgimg.New(width*vg.Length(len(plots)), height)
	tiles := draw.Tiles{Rows: 1, Cols: len(plots), PadX: vg.Centimeter, PadLeft: vg.Centimeter / 2, PadRight: vg.Centimeter, PadTop: vg.Centimeter / 2, PadBottom: vg.Centimeter / 2}
	area := draw.New(canvas)
	for i, p := range plots {
		p.Draw(tiles.At(area, i, 0))
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(file); err != nil {
		_ = file.Close()
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return file.Close()
}
